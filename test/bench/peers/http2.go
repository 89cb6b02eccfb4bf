package main

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"net"
)

const preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

// Frame types and flags of RFC 9113 §6.
const (
	frameData         = 0
	frameHeaders      = 1
	frameReset        = 3
	frameSettings     = 4
	framePing         = 6
	frameWindowUpdate = 8
	flagAck           = 1
	flagEndStream     = 1
	flagEndHeaders    = 4
)

// A request larger than this would stall: streams get no further credit (§6.5.2 INITIAL_WINDOW_SIZE).
const streamWindow = 1 << 20

// Credit that the connection gets at the start and again whenever half of it is used up.
const connectionWindow = 1 << 30

// Literals without indexing (RFC 7541 §6.2.2) and one entry of the static table: no block needs the memory of another.
var headers = block(":status 200", "content-type", "application/grpc")
var trailers = block("", "grpc-status", "0")

func block(status, name, value string) []byte {
	out := []byte{}
	if status != "" {
		out = append(out, 0x88)
	}
	out = append(append(out, 0, byte(len(name))), name...)
	return append(append(out, byte(len(value))), value...)
}

func appendFrame(out []byte, kind, flags byte, stream uint32, payload []byte) []byte {
	out = append(out, byte(len(payload)>>16), byte(len(payload)>>8), byte(len(payload)), kind, flags)
	return append(binary.BigEndian.AppendUint32(out, stream), payload...)
}

// Serves calls without keeping any state of a stream: the end of a request is answered at once, whatever it was. Its own
// answers are so small that what is under way never fills a window of 65,535 bytes.
func serveHTTP2(in *bufio.Reader, connection net.Conn) error {
	start := make([]byte, len(preface))
	if _, err := io.ReadFull(in, start); err != nil || string(start) != preface {
		return fmt.Errorf("preface %q: %w", start, err)
	}
	out := make([]byte, 0, 128<<10)
	// MAX_CONCURRENT_STREAMS and INITIAL_WINDOW_SIZE.
	out = appendFrame(out, frameSettings, 0, 0, []byte{0, 3, 0, 0, 4, 0, 0, 4, streamWindow >> 24, streamWindow >> 16 & 255, 0, 0})
	out = appendFrame(out, frameWindowUpdate, 0, 0, binary.BigEndian.AppendUint32(nil, connectionWindow))
	unacknowledged := 0
	var head [9]byte
	for {
		if _, err := io.ReadFull(in, head[:]); err != nil {
			return err
		}
		length := int(head[0])<<16 | int(head[1])<<8 | int(head[2])
		kind, flags, stream := head[3], head[4], binary.BigEndian.Uint32(head[5:])&0x7fffffff
		switch kind {
		case framePing, frameSettings:
			payload := make([]byte, length)
			if _, err := io.ReadFull(in, payload); err != nil {
				return err
			}
			if flags&flagAck == 0 {
				if kind == frameSettings {
					payload = nil
				}
				out = appendFrame(out, kind, flagAck, 0, payload)
			}
		default:
			if _, err := in.Discard(length); err != nil {
				return err
			}
		}
		if kind == frameData {
			if unacknowledged += length; unacknowledged > connectionWindow/2 {
				out = appendFrame(out, frameWindowUpdate, 0, 0, binary.BigEndian.AppendUint32(nil, uint32(unacknowledged)))
				unacknowledged = 0
			}
		}
		if (kind == frameData || kind == frameHeaders) && flags&flagEndStream != 0 {
			served.Add(1)
			out = appendFrame(out, frameHeaders, flagEndHeaders, stream, headers)
			// An empty message is TopicEventResponse SUCCESS.
			out = appendFrame(out, frameData, 0, stream, []byte{0, 0, 0, 0, 0})
			out = appendFrame(out, frameHeaders, flagEndHeaders|flagEndStream, stream, trailers)
		}
		if err := flushIfIdle(in, &out, connection); err != nil {
			return err
		}
	}
}
