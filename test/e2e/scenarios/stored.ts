// What a real API server makes of the children of the golden replies, asked with a dry run: it must know every field, and put none of
// them in other words. Writes what it adds to test/golden/stored.json, for the tests that have no API server.
import { readFileSync, writeFileSync } from 'node:fs'
import { parseAllDocuments } from 'yaml'
import { childKinds } from '../../../src/controller/kinds.ts'
import type { KubeObject } from '../../../src/shared/k8s.ts'
import { isRecorded, type Recording, recorded, recordingOf } from '../../support/stored.ts'
import { repository } from '../rig/paths.ts'
import { expectThat, type Scenario } from './scenario.ts'

/** The namespace of the goldens. */
const namespace = 'shop'

export const stored: Scenario = {
  name: 'stored',
  title: 'children are stored as they are sent: every field known, none in other words',
  forms: ['all', 'campaign'],
  run: async ({ rig, step, figures }) => {
    await rig.kube.create('/api/v1/namespaces', { metadata: { name: namespace } })
    const recordings: Recording[] = []
    for (const golden of recorded) {
      for (const child of childrenOf(golden).filter(isRecorded)) {
        step(`${child.kind} ${child.metadata.name} of ${golden} is valid, with no field that is not known`)
        const answer = await rig.kube.create(`${collectionOf(child)}?dryRun=All&fieldValidation=Strict`, child)
        recordings.push(recordingOf(golden, child, answer as KubeObject))
      }
    }
    await rig.kube.remove(`/api/v1/namespaces/${namespace}`)
    writeFileSync(`${repository}/test/golden/stored.json`, `${JSON.stringify(recordings, null, 2)}\n`)
    step('nothing is stored in other words')
    const changed = recordings.filter((recording) => Object.keys(recording.changed).length > 0)
    expectThat(
      changed.length === 0,
      `stored otherwise: ${JSON.stringify(changed.map(({ added: _, ...rest }) => rest))}`,
    )
    const added = recordings.map((recording) => Object.keys(recording.added).length)
    figures([{ objects: recordings.length, 'fields added': added.reduce((sum, count) => sum + count, 0), changed: 0 }])
  },
}

/** The first document of a golden reply is its status. */
function childrenOf(golden: string): KubeObject[] {
  const text = readFileSync(`${repository}/test/golden/${golden}.out.yaml`, 'utf8')
  return parseAllDocuments(text)
    .slice(1)
    .map((document) => document.toJS() as KubeObject)
}

function collectionOf({ kind, apiVersion }: KubeObject): string {
  const { resource } = childKinds[kind as keyof typeof childKinds]
  const root = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`
  return `${root}/namespaces/${namespace}/${resource}`
}
