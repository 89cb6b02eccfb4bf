// Where a pod may run, and how it resolves names: fields that pass as they are written, as Kubernetes knows them (core/v1).

import { each, fields, mapOf, oneOf, some, text, whole } from './shape.ts'

const ofLabels = oneOf('In', 'NotIn', 'Exists', 'DoesNotExist')
const ofNodes = oneOf('In', 'NotIn', 'Exists', 'DoesNotExist', 'Gt', 'Lt')

const labelSelector = fields({
  matchLabels: mapOf(text),
  matchExpressions: each(fields({ key: text, operator: ofLabels, values: each(text) }, 'key', 'operator')),
})

const nodeExpressions = each(fields({ key: text, operator: ofNodes, values: each(text) }, 'key', 'operator'))
const nodes = fields({ matchExpressions: nodeExpressions, matchFields: nodeExpressions })

const pods = fields(
  {
    labelSelector,
    namespaceSelector: labelSelector,
    namespaces: each(text),
    topologyKey: text,
    matchLabelKeys: each(text),
    mismatchLabelKeys: each(text),
  },
  'topologyKey',
)

const nearPods = fields({
  requiredDuringSchedulingIgnoredDuringExecution: each(pods),
  preferredDuringSchedulingIgnoredDuringExecution: each(
    fields({ weight: whole, podAffinityTerm: pods }, 'weight', 'podAffinityTerm'),
  ),
})

const affinity = fields({
  nodeAffinity: fields({
    requiredDuringSchedulingIgnoredDuringExecution: fields({ nodeSelectorTerms: some(nodes) }, 'nodeSelectorTerms'),
    preferredDuringSchedulingIgnoredDuringExecution: each(
      fields({ weight: whole, preference: nodes }, 'weight', 'preference'),
    ),
  }),
  podAffinity: nearPods,
  podAntiAffinity: nearPods,
})

const toleration = fields({
  key: text,
  operator: oneOf('Exists', 'Equal'),
  value: text,
  effect: oneOf('NoSchedule', 'PreferNoSchedule', 'NoExecute'),
  tolerationSeconds: whole,
})

const taken = oneOf('Honor', 'Ignore')
const spread = fields(
  {
    maxSkew: whole,
    topologyKey: text,
    whenUnsatisfiable: oneOf('DoNotSchedule', 'ScheduleAnyway'),
    labelSelector,
    minDomains: whole,
    nodeAffinityPolicy: taken,
    nodeTaintsPolicy: taken,
    matchLabelKeys: each(text),
  },
  'maxSkew',
  'topologyKey',
  'whenUnsatisfiable',
)

export const placement = {
  nodeSelector: mapOf(text),
  tolerations: each(toleration),
  affinity,
  topologySpreadConstraints: each(spread),
  dnsPolicy: oneOf('ClusterFirst', 'ClusterFirstWithHostNet', 'Default', 'None'),
  dnsConfig: fields({
    nameservers: each(text),
    searches: each(text),
    options: each(fields({ name: text, value: text })),
  }),
}
