// A process for one figure: a heap and a JIT of its own.
import { type FigureId, figures } from './figures.ts'

const [id] = process.argv.slice(2) as [FigureId]
process.send!(await figures[id]())
