package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync/atomic"
	"syscall"
)

// Events answered so far, on all ports. GET /served tells.
var served atomic.Int64

func runBackend(count int) {
	ports := make([]int, count)
	for i := range ports {
		listener, err := net.Listen("tcp4", "127.0.0.1:0")
		must(err)
		ports[i] = listener.Addr().(*net.TCPAddr).Port
		go accept(listener)
	}
	must(json.NewEncoder(os.Stdout).Encode(ports))
	// The bench holds the other end of standard input: when it is gone, so are we.
	io.Copy(io.Discard, os.Stdin)
}

func accept(listener net.Listener) {
	for {
		connection, err := listener.Accept()
		must(err)
		go func() {
			defer connection.Close()
			in := bufio.NewReaderSize(connection, 128<<10)
			start, _ := in.Peek(4)
			serve := serveHTTP1
			if string(start) == preface[:4] {
				serve = serveHTTP2
			}
			// A proxy may drop a kept connection in any way it likes.
			if err := serve(in, connection); err != nil && err != io.EOF && !errors.Is(err, syscall.ECONNRESET) {
				fmt.Fprintln(os.Stderr, "peers:", err)
			}
		}()
	}
}

// Answers are kept until nothing more is to be read, so that a burst costs one system call.
func flushIfIdle(in *bufio.Reader, out *[]byte, connection net.Conn) error {
	if in.Buffered() > 0 && len(*out) < 64<<10 || len(*out) == 0 {
		return nil
	}
	_, err := connection.Write(*out)
	*out = (*out)[:0]
	return err
}
