// All scenarios, in the order in which they run.
import { apiRules } from './api-rules.ts'
import { bindings } from './bindings.ts'
import { chain } from './chain.ts'
import { crash, crashOlder } from './crash.ts'
import { deadLetters } from './dead-letters.ts'
import { decorate } from './decorate.ts'
import { edits } from './edits.ts'
import { finalize } from './finalize.ts'
import { install } from './install.ts'
import { keda } from './keda.ts'
import { many } from './many.ts'
import { outage } from './outages.ts'
import { overhead } from './overhead.ts'
import { pubsub } from './pubsub.ts'
import { quiet } from './quiet.ts'
import { rollout } from './rollout.ts'
import { scale } from './scale.ts'
import type { Scenario } from './scenario.ts'
import { sink } from './sink.ts'
import { slowDaprd } from './slow-daprd.ts'
import { stored } from './stored.ts'

export const scenarios: readonly Scenario[] = [
  install,
  sink,
  slowDaprd,
  overhead,
  pubsub,
  bindings,
  rollout,
  scale,
  edits,
  quiet,
  stored,
  apiRules,
  finalize,
  deadLetters,
  crash,
  crashOlder,
  outage,
  many,
  chain,
  keda,
  decorate,
]
