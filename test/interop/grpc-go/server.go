package main

import (
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"sync/atomic"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// Streams that are open now.
var active atomic.Int64

// One handler for every method, as nobody generated any code: the name says what to do with the messages.
func handle(_ any, stream grpc.ServerStream) error {
	method, _ := grpc.MethodFromServerStream(stream)
	active.Add(1)
	defer active.Add(-1)
	sent, _ := metadata.FromIncomingContext(stream.Context())
	echoed := metadata.MD{}
	for name, values := range sent {
		if strings.HasPrefix(name, "x-echo-") {
			echoed[name] = values
		}
	}
	if err := stream.SendHeader(echoed); err != nil {
		return err
	}
	stream.SetTrailer(echoed)
	if code := sent.Get("x-fail"); len(code) > 0 {
		number, _ := strconv.Atoi(code[0])
		return status.Error(codes.Code(number), failure)
	}
	switch name := method[strings.LastIndex(method, "/")+1:]; name {
	case "Each":
		return forEach(stream, func(message []byte) error { return stream.SendMsg(&message) })
	case "Whole":
		whole := []byte{}
		if err := forEach(stream, func(message []byte) error { whole = append(whole, message...); return nil }); err != nil {
			return err
		}
		return stream.SendMsg(&whole)
	case "Parts":
		return forEach(stream, func(message []byte) error { return inParts(stream, message) })
	case "Active":
		// Without this call itself.
		count := []byte(strconv.FormatInt(active.Load()-1, 10))
		return stream.SendMsg(&count)
	case "Wait":
		<-stream.Context().Done()
		return stream.Context().Err()
	default:
		return status.Errorf(codes.Unimplemented, "no method %s", name)
	}
}

// The text of an error; what is not ASCII travels percent-encoded.
const failure = "it failed: ä 100 % – 事故\n"

func forEach(stream grpc.ServerStream, use func(message []byte) error) error {
	for {
		var message []byte
		if err := stream.RecvMsg(&message); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
		if err := use(message); err != nil {
			return err
		}
	}
}

// Seven messages, the last of which is empty.
func inParts(stream grpc.ServerStream, message []byte) error {
	size := len(message)/6 + 1
	for range 7 {
		part := message[:min(size, len(message))]
		message = message[len(part):]
		if err := stream.SendMsg(&part); err != nil {
			return err
		}
	}
	return nil
}

func serve(address string) error {
	listener, err := net.Listen("tcp4", address)
	if err != nil {
		return err
	}
	fmt.Println(listener.Addr().(*net.TCPAddr).Port)
	server := grpc.NewServer(grpc.UnknownServiceHandler(handle), grpc.MaxRecvMsgSize(largestMessage), grpc.MaxSendMsgSize(largestMessage))
	return server.Serve(listener)
}
