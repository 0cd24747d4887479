// Names in package.json the repository that is released: the address, the home page and where to report what is wrong. A fork names itself.
// The release runs it; `npm publish` then proves the provenance against the same name.
//
//     GITHUB_SERVER_URL=https://github.com GITHUB_REPOSITORY=owner/name node .github/name-repository.mjs
import { readFileSync, writeFileSync } from 'node:fs'

const { GITHUB_SERVER_URL: server = '', GITHUB_REPOSITORY: repository = '' } = process.env
if (!/^https:\/\/[^/]+$/.test(server) || !/^[\w.-]+\/[\w.-]+$/.test(repository)) {
  console.error(
    `Expected GITHUB_SERVER_URL=https://host and GITHUB_REPOSITORY=owner/name; given ${JSON.stringify(server)} and ` +
      `${JSON.stringify(repository)}. The release sets them; set both to run this elsewhere.`,
  )
  process.exit(1)
}

const url = `${server}/${repository}`
const manifest = JSON.parse(readFileSync('package.json', 'utf8'))
Object.assign(manifest, {
  repository: { type: 'git', url: `git+${url}.git` },
  homepage: `${url}#readme`,
  bugs: { url: `${url}/issues` },
})
writeFileSync('package.json', `${JSON.stringify(manifest, null, 2)}\n`)
