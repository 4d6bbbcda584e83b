import type { Components } from '../component.ts'
import { distributions } from './distributions.ts'
import { grid } from './grid.ts'
import { parzen } from './parzen.ts'
import { pruners } from './pruners.ts'
import { searchSpace } from './search-space.ts'
import { studies } from './studies.ts'
import { telling } from './telling.ts'
import { tpe } from './tpe.ts'
import { truncnorm } from './truncnorm.ts'

/** What answers the vectors, by component. */
export const components: Components = {
  ...telling,
  ...distributions,
  ...searchSpace,
  ...studies,
  ...pruners,
  ...grid,
  ...truncnorm,
  ...parzen,
  ...tpe
}
