/** As much of the platform's types as these examples use; `wrangler types` writes all of them. */
declare module 'cloudflare:workers' {
  import type { ObjectStorage } from 'nolater/durable-object'

  interface Storage extends ObjectStorage {
    readonly kv: {
      put(key: string, value: unknown): void
      delete(key: string): boolean
      list(options: { prefix: string }): Iterable<[key: string, value: unknown]>
    }
  }

  export class DurableObject {
    protected readonly ctx: { readonly storage: Storage }
  }
}
