package tracker

import (
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/runes"
	"golang.org/x/text/unicode/norm"
)

// texts are what deliveries can be found by, in memory alone, in order of id.
type texts struct {
	mu   sync.RWMutex
	rows []text
}

// text is what one delivery can be found by, folded.
type text struct {
	id       string
	customer CustomerID
	// own is of the delivery, theirs of the customer.
	own, theirs string
}

func (t *text) has(words []string) bool {
	for _, w := range words {
		if !strings.Contains(t.own, w) && !strings.Contains(t.theirs, w) {
			return false
		}
	}
	return true
}

// noteText keeps what a delivery can be found by.
func (l *ledger) noteText(before, after *Delivery) {
	if before != nil && before.Erased == after.Erased && before.Consignee == after.Consignee && before.Address == after.Address &&
		before.Reference == after.Reference && slices.Equal(before.Parcels, after.Parcels) {
		return
	}
	c, _ := l.customers.get(string(after.Customer))
	l.texts.put(text{
		id: after.key(), customer: after.Customer, theirs: c.text(),
		own: fold(strings.Join(append([]string{after.Consignee, after.Address, after.Reference}, after.Parcels...), "\n")),
	})
}

// noteCustomer lets the deliveries of a customer be found by what is known now.
func (l *ledger) noteCustomer(before, after *Customer) {
	if before != nil && before.text() != after.text() {
		l.texts.rename(after.ID, after.text())
	}
}

func (c *Customer) text() string { return fold(c.Name + "\n" + c.Phone + "\n" + c.Email) }

func (t *texts) put(row text) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if n := len(t.rows); n == 0 || t.rows[n-1].id < row.id {
		t.rows = append(t.rows, row)
		return
	}
	i, exact := t.seek(row.id)
	if exact {
		t.rows[i] = row
		return
	}
	t.rows = slices.Insert(t.rows, i, row)
}

func (t *texts) seek(id string) (int, bool) {
	return slices.BinarySearchFunc(t.rows, id, func(row text, id string) int { return strings.Compare(row.id, id) })
}

func (t *texts) rename(customer CustomerID, theirs string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for i := range t.rows {
		if t.rows[i].customer == customer {
			t.rows[i].theirs = theirs
		}
	}
}

// searchPage is how many texts are looked through at a time, so that nobody who
// changes one waits for all.
const searchPage = 8192

// page returns those of the searchPage texts before an id that have all words,
// newest first, and the id to go on before; that is empty at the end.
func (t *texts) page(words []string, before string) (ids []string, next string) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	rows := t.rows
	if before != "" {
		i, _ := t.seek(before)
		rows = rows[:i]
	}
	if len(rows) > searchPage {
		rows = rows[len(rows)-searchPage:]
		next = rows[0].id
	}
	for i := range slices.Backward(rows) {
		if rows[i].has(words) {
			ids = append(ids, rows[i].id)
		}
	}
	return ids, next
}

// search is Deliveries by text.
func (l *ledger) search(filter DeliveryFilter, before DeliveryID, limit int) (found []Delivery) {
	words := strings.Fields(fold(filter.Text))
	next := string(before)
	for {
		var ids []string
		ids, next = l.texts.page(words, next)
		for _, id := range ids {
			if len(found) == limit {
				return found
			}
			if d, ok := l.deliveries.get(id); ok && filter.matches(&d) {
				found = append(found, d)
			}
		}
		if next == "" {
			return found
		}
	}
}

// undivided are letters that no decomposition of Unicode makes plain.
var undivided = strings.NewReplacer("ø", "o", "ł", "l", "đ", "d", "ð", "d", "þ", "th", "æ", "ae", "œ", "oe", "ı", "i")

// fold makes texts alike that differ in case, accents or width.
func fold(s string) string {
	if isASCII(s) {
		return strings.ToLower(s)
	}
	plain := runes.Remove(runes.In(unicode.Mn)).String(norm.NFKD.String(s))
	return undivided.Replace(cases.Fold().String(plain))
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
