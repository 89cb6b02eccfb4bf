// A Pod's status, computed from the states of its containers.
import type { ContainerState } from './container.ts'
import type { Pod } from './pod-spec.ts'

export interface Seen {
  readonly name: string
  readonly image: string
  readonly state: ContainerState
}

interface Condition {
  type: string
  status: 'True' | 'False'
  lastTransitionTime: string
}

export interface PodFacts {
  readonly pod: Pod
  readonly podIp: string
  readonly hostIp: string
  readonly startedAt: string
  readonly containers: readonly Seen[]
  readonly previous: readonly Condition[]
  readonly now: string
}

export function podStatus(facts: PodFacts) {
  const states = facts.containers.map(({ state }) => state)
  const isReady = states.length > 0 && states.every((state) => state.ready)
  return {
    phase: phase(states, facts.pod.spec.restartPolicy ?? 'Always'),
    hostIP: facts.hostIp,
    podIP: facts.podIp,
    podIPs: [{ ip: facts.podIp }],
    startTime: facts.startedAt,
    conditions: conditions(isReady, facts),
    containerStatuses: facts.containers.map(({ name, image, state }) => ({
      name,
      image,
      imageID: image,
      ready: state.ready,
      started: state.started,
      restartCount: state.restarts,
      state: state.state,
      lastState: state.lastState,
    })),
  }
}

function phase(states: readonly ContainerState[], policy: string): string {
  const ended = states.map((state) => state.state.terminated as { exitCode: number } | undefined)
  if (policy !== 'Always' && ended.length > 0 && ended.every((end) => end !== undefined)) {
    const succeeded = ended.every((end) => end?.exitCode === 0)
    if (succeeded) return 'Succeeded'
    if (policy === 'Never') return 'Failed'
  }
  return states.every((state) => state.state.waiting !== undefined && state.restarts === 0) ? 'Pending' : 'Running'
}

function conditions(isReady: boolean, facts: PodFacts): Condition[] {
  const wanted: [string, boolean][] = [
    ['PodScheduled', true],
    ['Initialized', true],
    ['ContainersReady', isReady],
    ['Ready', isReady],
  ]
  return wanted.map(([type, holds]) => {
    const status = holds ? 'True' : 'False'
    const before = facts.previous.find((condition) => condition.type === type)
    const lastTransitionTime = before?.status === status ? before.lastTransitionTime : facts.now
    return { type, status, lastTransitionTime }
  })
}
