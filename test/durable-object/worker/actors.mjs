export { Room } from '../../../examples/durable-object/room.ts'
export { AsTheDocs } from './as-the-docs.mjs'
export { AcrossAnAwait, AsTheSdk } from './as-the-sdk.mjs'
export { OnTimers } from './on-timers.mjs'
export { Probe } from './probe.mjs'

export default {
  async fetch(request, env) {
    const { way, name, act, args } = await request.json()
    const object = env[way].get(env[way].idFromName(name))
    return Response.json((await object[act](...args)) ?? null)
  },
}
