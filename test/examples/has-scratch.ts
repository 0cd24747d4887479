// Makes a folder, says where, and ends as it is told.
import { scratchFolder } from '../../examples/processes/scratch-folder.ts'

process.once('message', () => {
  if (process.argv[2] === 'exit') process.exit(3)
  if (process.argv[2] === 'throw') throw new Error('nothing catches this')
  process.disconnect()
})
process.send?.(scratchFolder('nolater-scratch'))
