package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
)

// One event at a time on each of its connections, of which it opens another whenever all are busy.
type httpSender struct {
	call  request
	bytes []byte
	idle  chan *httpConnection
}

type httpConnection struct {
	net.Conn
	in   *bufio.Reader
	work chan func(ok bool)
}

func newHTTPSender(call request) *httpSender {
	const head = "POST %s HTTP/1.1\r\nHost: %s\r\nContent-Type: application/cloudevents+json\r\nContent-Length: %d\r\n\r\n"
	bytes := append(fmt.Appendf(nil, head, call.path, address(call.port), len(call.body)), call.body...)
	s := &httpSender{call: call, bytes: bytes, idle: make(chan *httpConnection, mostUnderWay)}
	for range 16 {
		s.idle <- s.open()
	}
	return s
}

func (s *httpSender) send(done func(ok bool)) {
	var connection *httpConnection
	select {
	case connection = <-s.idle:
	default:
		connection = s.open()
	}
	_, err := connection.Write(s.bytes)
	must(err)
	connection.work <- done
}

func (s *httpSender) open() *httpConnection {
	socket, err := net.Dial("tcp4", address(s.call.port))
	must(err)
	connection := &httpConnection{socket, bufio.NewReader(socket), make(chan func(bool), 1)}
	go func() {
		for done := range connection.work {
			answer, err := http.ReadResponse(connection.in, nil)
			must(err)
			_, err = io.Copy(io.Discard, answer.Body)
			must(err)
			s.idle <- connection
			done(answer.StatusCode == http.StatusOK)
		}
	}()
	return connection
}
