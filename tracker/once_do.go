package tracker

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"sync"
)

// ErrUnderWay: the same request is being done. It is known soon what came of it.
var ErrUnderWay = errors.New("the same request is under way: send it again in a moment")

// errRepeated: it turned out late that the request was done before.
var errRepeated = errors.New("done before")

// DoOnce does what do does unless that was done before, within a day, by the
// same Once: then again is true, and made is the id of what was made then, empty
// where nothing was. do is given a context that carries the Once to the change
// that it makes: everything in between is spared a parameter that it would only
// pass on. What the change stores and the receipt of it are one transaction, so
// that after a kill both are there or neither. Where do changes nothing, or only
// under Repeatable, the receipt is stored behind it.
//
// Nothing is remembered of an error of do, which is returned; else errors wrap
// ErrReused, ErrUnderWay, ErrUnavailable or ctx's.
func (f *Fleet) DoOnce(ctx context.Context, once Once, do func(context.Context) error) (made string, again bool, err error) {
	if once.Key == "" {
		return "", false, do(ctx)
	}
	if r, found, err := f.ledger.earlier(once); found || err != nil {
		return r.Made, found, err
	}
	p := &doing{once: once}
	ctx = context.WithValue(ctx, doingKey{}, p)
	err = do(ctx)
	if err == nil && !p.stored() {
		err = f.change(ctx, edit{})
	}
	if err == nil || p.stored() {
		return p.id(), false, err
	}
	// Perhaps somebody who sent the same at the same time was faster.
	if r, found, _ := f.ledger.earlier(once); found {
		return r.Made, true, nil
	}
	return "", false, err
}

// Repeatable is a context for changes that may be made again with no other
// outcome, ahead of the one that counts.
func Repeatable(ctx context.Context) context.Context {
	if ctx.Value(doingKey{}) == nil {
		return ctx
	}
	return context.WithValue(ctx, doingKey{}, (*doing)(nil))
}

type doingKey struct{}

// doing is a request of DoOnce.
type doing struct {
	once Once

	mu   sync.Mutex
	made string
	// done: the receipt is stored; forgone: it is not to be.
	done, forgone bool
}

func doingOf(ctx context.Context) *doing {
	d, _ := ctx.Value(doingKey{}).(*doing)
	return d
}

func (d *doing) stored() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.done
}

func (d *doing) id() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.made
}

// noteMade tells what a change is about to make.
func noteMade(ctx context.Context, id string) {
	if d := doingOf(ctx); d != nil {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.made = id
	}
}

// forgoReceipt is for a change that must be kept although the request is refused.
func forgoReceipt(ctx context.Context) {
	if d := doingOf(ctx); d != nil {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.forgone = true
	}
}

// idle tells whether a change of the request needs no receipt.
func (d *doing) idle() bool {
	if d == nil {
		return true
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.done || d.forgone
}

// earlier is the receipt of a request that was done before. One that was done
// with another outcome in mind is refused.
func (l *ledger) earlier(once Once) (found receipt, ok bool, err error) {
	found, ok = l.receipts.get(once.Key)
	if !ok || once.Key == "" || l.clock.Since(found.Created) > keepReceipts {
		return receipt{}, false, nil
	}
	if !bytes.Equal(found.Print, once.Print[:]) {
		return receipt{}, false, ErrReused
	}
	return found, true, nil
}

// receiptFor adds to an edit the receipt of the request that it is made for.
// Whoever calls it says with settled what came of the edit, once that is known.
func (f *Fleet) receiptFor(ctx context.Context, e *edit) (settled func(error), err error) {
	d, r := doingOf(ctx), f.ledger.receipts
	if d.idle() || slices.ContainsFunc(e.records, func(row BucketRecord) bool { return row.Bucket == receiptBucket }) {
		return func(error) {}, nil
	}
	if err := f.ledger.begin(d.once); err != nil {
		return nil, err
	}
	b := f.ledger.edit()
	r.forget(b)
	if err := put(b, r.shelf, &receipt{Key: d.once.Key, Print: d.once.Print[:], Made: d.id()}); err != nil {
		r.end(d.once)
		return nil, err
	}
	e.records, e.apply = append(slices.Clip(e.records), b.rows...), both(e.apply, b.place)
	return func(err error) {
		r.end(d.once)
		d.mu.Lock()
		defer d.mu.Unlock()
		d.done = err == nil
	}, nil
}

func both(first func(), then []func()) func() {
	return func() {
		if first != nil {
			first()
		}
		for _, place := range then {
			place()
		}
	}
}

// begin refuses a request that was done, or is being done.
func (l *ledger) begin(once Once) error {
	if _, found, err := l.earlier(once); err != nil || found {
		return errors.Join(err, errRepeated)
	}
	r := l.receipts
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.begun[once.Key] {
		return ErrUnderWay
	}
	r.begun[once.Key] = true
	return nil
}

func (r *receipts) end(once Once) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.begun, once.Key)
}
