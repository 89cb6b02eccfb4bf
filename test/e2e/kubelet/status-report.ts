// Keeps a Pod's status in the API server equal to what its containers are.
import { type Kube, KubeError } from '../rig/kube.ts'
import { pause } from '../rig/wait.ts'
import type { RunningContainer } from './container.ts'
import type { Pod } from './pod-spec.ts'
import { podStatus } from './status.ts'

export interface ReportSource {
  readonly kube: Kube
  readonly pod: Pod
  readonly podIp: string
  readonly hostIp: string
  readonly containers: readonly RunningContainer[]
}

/** One patch at a time, always of the newest state; repeated while the API server is away. */
export class StatusReport {
  private readonly source: ReportSource
  private readonly startedAt = new Date().toISOString()
  private isDirty = false
  private isReporting = false
  private hasEnded = false
  private previous: ReturnType<typeof podStatus>['conditions'] = []

  constructor(source: ReportSource) {
    this.source = source
  }

  changed(): void {
    this.isDirty = true
    if (this.isReporting || this.hasEnded) return
    this.isReporting = true
    void this.reportWhileDirty().finally(() => {
      this.isReporting = false
      // Changed between the last look and now.
      if (this.isDirty) this.changed()
    })
  }

  end(): void {
    this.hasEnded = true
  }

  private async reportWhileDirty(): Promise<void> {
    const { kube, pod } = this.source
    const path = `/api/v1/namespaces/${pod.metadata.namespace}/pods/${pod.metadata.name}/status`
    while (this.isDirty && !this.hasEnded) {
      this.isDirty = false
      const status = this.status()
      try {
        await kube.merge(path, { status })
        this.previous = status.conditions
      } catch (error) {
        // The object is gone: nobody asks for its status any more.
        if (error instanceof KubeError && error.status === 404) this.hasEnded = true
        this.isDirty = true
        await pause(200)
      }
    }
  }

  private status() {
    const { pod, podIp, hostIp, containers } = this.source
    return podStatus({
      pod,
      podIp,
      hostIp,
      startedAt: this.startedAt,
      now: new Date().toISOString().replace(/\.\d+Z$/, 'Z'),
      previous: this.previous,
      containers: containers.map(({ spec, state }) => ({ name: spec.name, image: spec.image, state })),
    })
  }
}
