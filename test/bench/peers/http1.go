package main

import (
	"bufio"
	"bytes"
	"fmt"
	"net"
	"strconv"
)

const success = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 20\r\n\r\n" + `{"status":"SUCCESS"}`
const notFound = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"

func serveHTTP1(in *bufio.Reader, connection net.Conn) error {
	out := make([]byte, 0, 64<<10)
	for {
		line, err := in.ReadSlice('\n')
		if err != nil {
			return err
		}
		isEvent := bytes.HasPrefix(line, []byte("POST "))
		asksServed := bytes.HasPrefix(line, []byte("GET /served "))
		length, err := readFields(in)
		if err != nil {
			return err
		}
		if _, err := in.Discard(length); err != nil {
			return err
		}
		switch {
		case isEvent:
			served.Add(1)
			out = append(out, success...)
		case asksServed:
			text := strconv.FormatInt(served.Load(), 10)
			out = fmt.Appendf(out, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(text), text)
		default:
			out = append(out, notFound...)
		}
		if err := flushIfIdle(in, &out, connection); err != nil {
			return err
		}
	}
}

// Reads the header and tells the length of the body. A body in chunks is refused: a function must be told its length.
func readFields(in *bufio.Reader) (length int, err error) {
	for {
		line, err := in.ReadSlice('\n')
		if err != nil {
			return 0, err
		}
		name, value, found := bytes.Cut(bytes.TrimSpace(line), []byte(":"))
		switch {
		case !found:
			return length, nil
		case bytes.EqualFold(name, []byte("content-length")):
			if length, err = strconv.Atoi(string(bytes.TrimSpace(value))); err != nil {
				return 0, err
			}
		case bytes.EqualFold(name, []byte("transfer-encoding")):
			return 0, fmt.Errorf("a request with %s", line)
		}
	}
}
