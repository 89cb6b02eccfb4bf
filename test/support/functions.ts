// Any valid Function, for fast-check: every field that may differ, with keys and values that try to replace what is ours.

import fc from 'fast-check'

export const word = fc.stringMatching(/^[a-z]([-a-z0-9]{0,8}[a-z0-9])?$/)
const key = fc.oneof(word, fc.constantFrom('__proto__', 'constructor', 'toString', 'FUNC_CONTEXT', 'DAPR_HOST', 'PORT'))
const componentOf = (family: string) =>
  fc.record({
    type: fc.constant(`${family}.x`),
    version: fc.constant('v1'),
    metadata: fc.uniqueArray(fc.record({ name: word, value: fc.jsonValue() }), {
      selector: ({ name }) => name,
      maxLength: 3,
    }),
  })
const io = fc.record(
  { name: key, component: word, topic: word, operation: word, params: fc.dictionary(key, fc.string()) },
  { requiredKeys: ['name', 'component', 'topic'] },
)
const ios = fc.uniqueArray(io, { selector: ({ name }) => name, maxLength: 4 })
const ownedAnnotations = {
  'dapr.io/enabled': 'maybe',
  'dapr.io/app-port': '1',
  'dapr.io/sidecar-listen-addresses': 'x',
}
const ownedLabels = {
  'app.kubernetes.io/component': 'mine',
  'openfunction.io/function': 'mine',
  'controller-uid': 'mine',
}
const annotations = fc
  .record(
    {
      'openfunction.io/enable-dapr': fc.constantFrom('true', 'false'),
      'openfunction.io/dapr-service-mode': fc.constantFrom('standalone', 'sidecar'),
      'dapr.io/app-protocol': fc.constantFrom('http', 'grpc', 'grpcs', 'HTTPS'),
      'dapr.io/app-id': word,
      'dapr.io/app-ssl': fc.constantFrom('true', 'false'),
      'dapr-proxy/replica-ca': word,
    },
    { requiredKeys: [] },
  )
  .map((given) => ({ ...ownedAnnotations, ...given }))

const serving = fc.record(
  {
    runtime: fc.constantFrom('async', 'knative'),
    inputs: ios.filter((list) => list.length > 0),
    outputs: ios,
    bindings: fc.dictionary(
      word.map((text) => `b${text}`),
      componentOf('bindings'),
      { maxKeys: 3 },
    ),
    pubsub: fc.dictionary(
      word.map((text) => `p${text}`),
      componentOf('pubsub'),
      { maxKeys: 3 },
    ),
    states: fc.dictionary(word, componentOf('state'), { maxKeys: 3 }),
    params: fc.dictionary(key, fc.string()),
    labels: fc.dictionary(word, word).map((given) => ({ ...given, ...ownedLabels })),
    annotations,
    scaleOptions: fc.record(
      {
        minReplicas: fc.nat({ max: 5 }),
        maxReplicas: fc.integer({ min: 5, max: 9 }),
        keda: fc.constantFrom({}, { scaledObject: { workloadType: 'StatefulSet' } }),
      },
      { requiredKeys: [] },
    ),
    triggers: fc.array(fc.record({ type: word, metadata: fc.dictionary(word, word) }), { maxLength: 2 }),
    template: fc.record({
      containers: fc.uniqueArray(
        fc.record({
          name: fc.oneof(word, fc.constant('function')),
          image: word,
          env: fc.array(fc.record({ name: key, value: fc.string() })),
        }),
        { selector: ({ name }) => name, maxLength: 3 },
      ),
      nodeSelector: fc.constantFrom({}, { disk: 'ssd' }, null),
    }),
  },
  { requiredKeys: ['runtime', 'inputs'] },
)

export const validParent = fc
  .record({
    name: word.map((text) => `f${text}`),
    spec: fc.record(
      { image: word, version: word, port: fc.constantFrom(8080, 9091, 7000), serving },
      { requiredKeys: ['image', 'serving'] },
    ),
  })
  .map(({ name, spec }) => ({
    apiVersion: 'core.openfunction.io/v1beta1',
    kind: 'Function',
    metadata: { name, namespace: 'shop', generation: 1 },
    spec,
  }))
