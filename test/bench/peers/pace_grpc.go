package main

import (
	"bufio"
	"encoding/binary"
	"io"
	"net"
	"sync"
)

// Every event is a stream of one connection, as daprd does it. An event fits into one frame.
type grpcSender struct {
	connection net.Conn
	block      []byte
	// One message with its prefix of five bytes.
	message []byte

	lock     sync.Mutex
	refilled *sync.Cond
	nextID   uint32
	underWay map[uint32]func(ok bool)
	// Bytes of DATA that the peer still takes on the connection (RFC 9113 §6.9).
	window int
}

func newGRPCSender(call request) *grpcSender {
	connection, err := net.Dial("tcp4", address(call.port))
	must(err)
	s := &grpcSender{connection: connection, message: call.body, nextID: 1, underWay: map[uint32]func(bool){}, window: 65535}
	s.refilled = sync.NewCond(&s.lock)
	// :method POST and :scheme http are whole entries of the static table; the names of :path and :authority are 4 and 1.
	s.block = append([]byte{0x83, 0x86}, literal(4, call.path)...)
	s.block = append(s.block, literal(1, address(call.port))...)
	s.block = append(s.block, block("", "content-type", "application/grpc")...)
	s.block = append(s.block, block("", "te", "trailers")...)
	out := appendFrame([]byte(preface), frameSettings, 0, 0, nil)
	out = appendFrame(out, frameWindowUpdate, 0, 0, binary.BigEndian.AppendUint32(nil, connectionWindow))
	_, err = connection.Write(out)
	must(err)
	go s.read()
	return s
}

// A literal without indexing whose name is an entry of the static table (RFC 7541 §6.2.2); shorter than 127 bytes.
func literal(name byte, value string) []byte {
	return append([]byte{name, byte(len(value))}, value...)
}

func (s *grpcSender) send(done func(ok bool)) {
	s.lock.Lock()
	defer s.lock.Unlock()
	for s.window < len(s.message) {
		s.refilled.Wait()
	}
	s.window -= len(s.message)
	id := s.nextID
	s.nextID += 2
	s.underWay[id] = done
	out := appendFrame(nil, frameHeaders, flagEndHeaders, id, s.block)
	_, err := s.connection.Write(appendFrame(out, frameData, flagEndStream, id, s.message))
	must(err)
}

func (s *grpcSender) read() {
	in := bufio.NewReaderSize(s.connection, 64<<10)
	var head [9]byte
	payload := make([]byte, 1<<14)
	for {
		_, err := io.ReadFull(in, head[:])
		must(err)
		length := int(head[0])<<16 | int(head[1])<<8 | int(head[2])
		_, err = io.ReadFull(in, payload[:length])
		must(err)
		s.take(head[3], head[4], binary.BigEndian.Uint32(head[5:])&0x7fffffff, payload[:length])
	}
}

func (s *grpcSender) take(kind, flags byte, stream uint32, payload []byte) {
	s.lock.Lock()
	defer s.lock.Unlock()
	switch kind {
	case frameSettings, framePing:
		if flags&flagAck == 0 {
			if kind == frameSettings {
				payload = nil
			}
			_, err := s.connection.Write(appendFrame(nil, kind, flagAck, 0, payload))
			must(err)
		}
	case frameWindowUpdate:
		if stream == 0 {
			s.window += int(binary.BigEndian.Uint32(payload))
			s.refilled.Signal()
		}
	case frameData, frameHeaders, frameReset:
		done, known := s.underWay[stream]
		if known && (kind == frameReset || flags&flagEndStream != 0) {
			delete(s.underWay, stream)
			done(kind == frameHeaders)
		}
	}
}
