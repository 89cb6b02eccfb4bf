package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// A service that the proxy knows nothing of.
const service = "/interop.Echo/"

type client struct {
	*grpc.ClientConn
	random *rand.Rand
}

// Sizes at which frames, windows and buffers begin and end.
var edges = []int{0, 1, 5, 16378, 16379, 16380, 16384, 32768, 65530, 65535, 65536, 131072, 1 << 20, 4<<20 - 5, 4 << 20}

func callAll(ctx context.Context, address, seed string) error {
	// Windows that stay at the 65,535 bytes of the RFC make flow control work for its living.
	connection, err := grpc.NewClient(address,
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithStaticStreamWindowSize(65535), grpc.WithStaticConnWindowSize(65535),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(largestMessage), grpc.MaxCallSendMsgSize(largestMessage)))
	if err != nil {
		return err
	}
	defer connection.Close()
	hash := fnv.New64()
	hash.Write([]byte(seed))
	c := &client{connection, rand.New(rand.NewPCG(hash.Sum64(), 0))}
	for _, check := range []struct {
		name string
		run  func(context.Context) error
	}{
		{"unary", c.unary}, {"client streaming", c.clientStreaming}, {"server streaming", c.serverStreaming},
		{"both streaming", c.bothStreaming}, {"one message after the other's answer", c.pingPong}, {"metadata", c.metadata},
		{"status", c.status}, {"unknown method", c.unknownMethod}, {"deadline", c.deadline},
		{"256 streams at a time", c.concurrent}, {"random cancels", c.cancels}, {"unary after all that", c.unary},
	} {
		limited, stop := context.WithTimeout(ctx, 60*time.Second)
		if err := check.run(limited); err != nil {
			fmt.Printf("not ok %s: %s\n", check.name, err)
		} else {
			fmt.Printf("ok %s\n", check.name)
		}
		stop()
	}
	return nil
}

func (c *client) bytes(size int) []byte {
	out := make([]byte, size)
	for i := range out {
		out[i] = byte(c.random.Uint32())
	}
	return out
}

// Sends all messages and receives at the same time; gives back what was received.
func (c *client) exchange(ctx context.Context, method string, messages ...[]byte) ([][]byte, error) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	stream, err := c.NewStream(ctx, &grpc.StreamDesc{ClientStreams: true, ServerStreams: true}, service+method)
	if err != nil {
		return nil, err
	}
	go func() {
		for _, message := range messages {
			if stream.SendMsg(&message) != nil {
				return
			}
		}
		stream.CloseSend()
	}()
	var received [][]byte
	for {
		var message []byte
		if err := stream.RecvMsg(&message); err == io.EOF {
			return received, nil
		} else if err != nil {
			return received, err
		}
		received = append(received, message)
	}
}

func same(got, want [][]byte) error {
	if len(got) != len(want) {
		return fmt.Errorf("%d messages instead of %d", len(got), len(want))
	}
	for i := range got {
		if !bytes.Equal(got[i], want[i]) {
			return fmt.Errorf("message %d of %d bytes is not the one of %d bytes that was sent", i, len(got[i]), len(want[i]))
		}
	}
	return nil
}

func (c *client) unary(ctx context.Context) error {
	for _, size := range append(edges, c.random.IntN(4<<20), c.random.IntN(4<<20)) {
		message, answer := c.bytes(size), []byte{}
		if err := c.Invoke(ctx, service+"Whole", &message, &answer); err != nil {
			return fmt.Errorf("%d bytes: %w", size, err)
		}
		if err := same([][]byte{answer}, [][]byte{message}); err != nil {
			return err
		}
	}
	return nil
}

func (c *client) some(most int) [][]byte {
	messages := make([][]byte, 1+c.random.IntN(20))
	for i := range messages {
		messages[i] = c.bytes(c.random.IntN(most))
	}
	return messages
}

func (c *client) clientStreaming(ctx context.Context) error {
	for range 5 {
		messages := c.some(200_000)
		got, err := c.exchange(ctx, "Whole", messages...)
		if err != nil {
			return err
		}
		if err := same(got, [][]byte{bytes.Join(messages, nil)}); err != nil {
			return err
		}
	}
	return nil
}

func (c *client) serverStreaming(ctx context.Context) error {
	for _, size := range edges {
		message := c.bytes(size)
		got, err := c.exchange(ctx, "Parts", message)
		if err != nil {
			return fmt.Errorf("%d bytes: %w", size, err)
		}
		if err := same([][]byte{bytes.Join(got, nil)}, [][]byte{message}); err != nil || len(got) != 7 {
			return fmt.Errorf("%d parts: %w", len(got), err)
		}
	}
	return nil
}

func (c *client) bothStreaming(ctx context.Context) error {
	for range 5 {
		messages := append(c.some(1<<20), c.bytes(4<<20), nil)
		got, err := c.exchange(ctx, "Each", messages...)
		if err != nil {
			return err
		}
		if err := same(got, messages); err != nil {
			return err
		}
	}
	return nil
}

func (c *client) pingPong(ctx context.Context) error {
	stream, err := c.NewStream(ctx, &grpc.StreamDesc{ClientStreams: true, ServerStreams: true}, service+"Each")
	if err != nil {
		return err
	}
	for range 200 {
		message, answer := c.bytes(c.random.IntN(3000)), []byte{}
		if err := errors.Join(stream.SendMsg(&message), stream.RecvMsg(&answer)); err != nil {
			return err
		}
		if err := same([][]byte{answer}, [][]byte{message}); err != nil {
			return err
		}
	}
	return stream.CloseSend()
}

func (c *client) metadata(ctx context.Context) error {
	for round := range 50 {
		sent := metadata.MD{}
		for i := range 1 + c.random.IntN(12) {
			name := fmt.Sprintf("x-echo-%d", i)
			for range 1 + c.random.IntN(3) {
				sent.Append(name, fmt.Sprintf("value %x, with ; and = and \"", c.bytes(c.random.IntN(40))))
				sent.Append(name+"-bin", string(c.bytes(c.random.IntN(60))))
			}
		}
		if round%5 == 0 {
			// 8 KiB in one field; a name on the way has to be split over frames sooner or later.
			sent.Append("x-echo-large", string(bytes.Repeat([]byte("large-"), 8192/6)))
		}
		var header, trailer metadata.MD
		message := []byte("m")
		err := c.Invoke(metadata.NewOutgoingContext(ctx, sent), service+"Whole", &message, &[]byte{}, grpc.Header(&header), grpc.Trailer(&trailer))
		if err != nil {
			return err
		}
		for name, values := range sent {
			for what, got := range map[string][]string{"header": header[name], "trailer": trailer[name]} {
				// Node joins the values of one name; that means the same (RFC 9110 §5.3). Binary ones stay apart in both.
				if strings.Join(got, ", ") != strings.Join(values, ", ") {
					return fmt.Errorf("%s of the %s is %.80q, was sent as %.80q", name, what, got, values)
				}
			}
		}
	}
	return nil
}

func (c *client) status(ctx context.Context) error {
	for code := codes.Canceled; code <= codes.Unauthenticated; code++ {
		sent := metadata.Pairs("x-fail", strconv.Itoa(int(code)), "x-echo-details-bin", "\x00\xff")
		var trailer metadata.MD
		message := []byte("m")
		err := c.Invoke(metadata.NewOutgoingContext(ctx, sent), service+"Whole", &message, &[]byte{}, grpc.Trailer(&trailer))
		if got := status.Convert(err); got.Code() != code || got.Message() != failure {
			return fmt.Errorf("%s came as %s %q", code, got.Code(), got.Message())
		}
		if got := trailer.Get("x-echo-details-bin"); len(got) != 1 || got[0] != "\x00\xff" {
			return fmt.Errorf("%s: details came as %q", code, got)
		}
	}
	return nil
}

func (c *client) unknownMethod(ctx context.Context) error {
	message := []byte("m")
	err := c.Invoke(ctx, service+"Nothing", &message, &[]byte{})
	if got := status.Convert(err); got.Code() != codes.Unimplemented || !strings.Contains(got.Message(), "Nothing") {
		return fmt.Errorf("came as %s %q", got.Code(), got.Message())
	}
	return nil
}

func (c *client) deadline(ctx context.Context) error {
	short, stop := context.WithTimeout(ctx, 200*time.Millisecond)
	defer stop()
	if _, err := c.exchange(short, "Wait", []byte("m")); status.Code(err) != codes.DeadlineExceeded {
		return fmt.Errorf("came as %v", err)
	}
	return c.untilIdle(ctx)
}

func (c *client) untilIdle(ctx context.Context) error {
	var answer []byte
	for ctx.Err() == nil {
		message := []byte{}
		if err := c.Invoke(ctx, service+"Active", &message, &answer); err != nil {
			return err
		}
		if string(answer) == "0" {
			return nil
		}
		time.Sleep(10 * time.Millisecond)
	}
	return fmt.Errorf("%s streams of the server never ended", answer)
}
