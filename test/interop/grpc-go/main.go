// Both ends of a proxy with grpc-go: a server that gives back what it gets, and a client that compares every byte.
package main

import (
	"context"
	"fmt"
	"os"

	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/mem"
)

const usage = `grpc-go serve ADDRESS
grpc-go call ADDRESS SEED   prints "ok NAME" or "not ok NAME: why" for each check
`

// Messages are bytes and stay bytes: what is compared is what travelled.
type rawCodec struct{}

func (rawCodec) Name() string { return "proto" }

func (rawCodec) Marshal(value any) (mem.BufferSlice, error) {
	return mem.BufferSlice{mem.SliceBuffer(*value.(*[]byte))}, nil
}

func (rawCodec) Unmarshal(data mem.BufferSlice, value any) error {
	*value.(*[]byte) = data.Materialize()
	return nil
}

// Larger than any message that is sent, 4 MiB.
const largestMessage = 8 << 20

func main() {
	encoding.RegisterCodecV2(rawCodec{})
	var err error
	switch {
	case len(os.Args) == 3 && os.Args[1] == "serve":
		err = serve(os.Args[2])
	case len(os.Args) == 4 && os.Args[1] == "call":
		err = callAll(context.Background(), os.Args[2], os.Args[3])
	default:
		fmt.Fprint(os.Stderr, usage)
		os.Exit(2)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
