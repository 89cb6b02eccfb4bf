package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// So many streams at a time that run to their end.
func (c *client) concurrent(ctx context.Context) error {
	return c.many(ctx, 256, func(own *client) error {
		messages := own.some(20_000)
		got, err := own.exchange(ctx, "Each", messages...)
		return errors.Join(err, same(got, messages))
	})
}

// Half of the streams end early: theirs is the code CANCELLED, all others must not notice, and the server must hear of it.
func (c *client) cancels(ctx context.Context) error {
	err := c.many(ctx, 256, func(own *client) error {
		messages := own.some(20_000)
		if own.random.IntN(2) == 0 {
			got, err := own.exchange(ctx, "Each", messages...)
			return errors.Join(err, same(got, messages))
		}
		early, stop := context.WithCancel(ctx)
		timer := time.AfterFunc(time.Duration(own.random.IntN(20_000))*time.Microsecond, stop)
		defer timer.Stop()
		method := []string{"Wait", "Each", "Whole", "Parts"}[own.random.IntN(4)]
		if _, err := own.exchange(early, method, messages...); err != nil && status.Code(err) != codes.Canceled {
			return fmt.Errorf("cancelled %s: %w", method, err)
		}
		return nil
	})
	return errors.Join(err, c.untilIdle(ctx))
}

// Runs `count` at a time, each with randomness of its own; the first error counts.
func (c *client) many(_ context.Context, count int, run func(*client) error) error {
	ends := make(chan error, count)
	for range count {
		own := &client{c.ClientConn, rand.New(rand.NewPCG(c.random.Uint64(), 1))}
		go func() { ends <- run(own) }()
	}
	var first error
	for range count {
		if err := <-ends; err != nil && first == nil {
			first = err
		}
	}
	return first
}
