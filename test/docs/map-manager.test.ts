import { describeManager } from 'nolater/vitest'
import { mapManager } from '../../examples/guides/map-manager.ts'

describeManager('mapManager', ({ clock, lease }) => ({ manager: mapManager({ scheduler: clock, lease }) }), {
  cannot: { reopen: 'it forgets with its process', another: 'its memory is its own' },
})
