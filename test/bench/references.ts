// How nginx and haproxy are set up: as the same kind of proxy, one process, no log, connections kept, whole events buffered by nginx.

export interface Reference {
  readonly protocol: 'http' | 'grpc'
  readonly port: number
  /** Ports on 127.0.0.1. */
  readonly replicas: readonly number[]
}

/** More streams and kept connections than any load of the bench has. */
const most = 512
const forEver = 1_000_000_000

export const nginxConfig = ({ protocol, port, replicas }: Reference): string => `
daemon off;
master_process off;
pid nginx.pid;
events { worker_connections 4096; }
http {
  access_log off;
  client_body_temp_path body;
  proxy_temp_path proxy;
  fastcgi_temp_path fastcgi;
  uwsgi_temp_path uwsgi;
  scgi_temp_path scgi;
  client_max_body_size 8m;
  client_body_buffer_size 256k;
  keepalive_requests ${forEver};
  http2_max_concurrent_streams ${most};
  upstream replicas {
${replicas.map((replica) => `    server 127.0.0.1:${replica};`).join('\n')}
    keepalive ${most};
    keepalive_requests ${forEver};
  }
  server {
    listen 127.0.0.1:${port}${protocol === 'grpc' ? ' http2' : ''};
    location / {
      ${
        protocol === 'grpc'
          ? 'grpc_pass grpc://replicas;'
          : 'proxy_pass http://replicas; proxy_http_version 1.1; proxy_set_header Connection "";'
      }
    }
  }
}
`

export const haproxyConfig = ({ protocol, port, replicas }: Reference): string => `
global
  nbthread 1
  maxconn 4096
  tune.h2.max-concurrent-streams ${most}
defaults
  mode http
  http-reuse always
  timeout connect 5s
  timeout client 60s
  timeout server 60s
listen events
  bind 127.0.0.1:${port}${protocol === 'grpc' ? ' proto h2' : ''}
${replicas.map((replica, index) => `  server replica${index} 127.0.0.1:${replica}${protocol === 'grpc' ? ' proto h2' : ''}`).join('\n')}
`
