// What users get: the build, and not the sources.
export * from '../dist/postgres/index.js'
