package tracker

import "context"

// turn lets one edit at a time through, until its outcome is known, however
// long its caller waits for that: an edit that was begun is part of what the
// next one builds on.
type turn chan struct{}

func newTurn() turn { return make(turn, 1) }

// take runs edit once those before it are done. If ctx ends first, its error is
// returned; an edit that was begun goes on, until the pipeline answers.
func (t turn) take(ctx context.Context, edit func(context.Context) error) error {
	select {
	case t <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	return await(ctx, func(done func(error)) error {
		go func() {
			err := edit(context.WithoutCancel(ctx))
			<-t
			done(err)
		}()
		return nil
	})
}
