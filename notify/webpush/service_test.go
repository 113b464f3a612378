package webpush_test

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"io"
	"log/slog"
	"math/big"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"wayguard/notify"
	"wayguard/notify/webpush"
	"wayguard/tracker"
	"wayguard/tracker/boltstore"
)

// service is a push service that looks into what it is given as a browser would.
type service struct {
	t      testing.TB
	server *httptest.Server

	mu   sync.Mutex
	got  []pushed
	keys map[string]*browser // by path
	// answer is the status; 0 for 201.
	answer func(path string) (status int, header string)
}

// pushed is one message as a browser sees it.
type pushed struct {
	path, ttl, urgency, topic string
	size                      int
	note                      map[string]string
}

// browser has the private half of a subscription.
type browser struct {
	key  *ecdh.PrivateKey
	auth []byte
}

func startService(t testing.TB) *service {
	s := &service{t: t, keys: make(map[string]*browser)}
	s.server = httptest.NewTLSServer(s)
	t.Cleanup(s.server.Close)
	return s
}

// subscribe is what a browser does, and what it gives to the page.
func (s *service) subscribe(path string) notify.Browser {
	s.t.Helper()
	key, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		s.t.Fatal(err)
	}
	b := &browser{key: key, auth: make([]byte, 16)}
	rand.Read(b.auth)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keys[path] = b
	return notify.Browser{
		Endpoint: s.server.URL + path,
		P256DH:   base64.RawURLEncoding.EncodeToString(key.PublicKey().Bytes()),
		Auth:     base64.RawURLEncoding.EncodeToString(b.auth),
		Since:    time.Now(),
	}
}

func (s *service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		s.t.Error(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.answer != nil {
		if status, header := s.answer(r.URL.Path); status != 0 {
			w.Header().Set("Retry-After", header)
			w.Header().Set("Location", "https://other.example/")
			w.WriteHeader(status)
			return
		}
	}
	b := s.keys[r.URL.Path]
	if b == nil || r.Method != http.MethodPost || r.Header.Get("Content-Encoding") != "aes128gcm" {
		s.t.Errorf("%s %s of %q", r.Method, r.URL.Path, r.Header.Get("Content-Encoding"))
		return
	}
	s.checkVAPID(r)
	p := pushed{
		path: r.URL.Path, ttl: r.Header.Get("TTL"), urgency: r.Header.Get("Urgency"), topic: r.Header.Get("Topic"), size: len(body),
	}
	if err := json.Unmarshal(b.decrypt(s.t, body), &p.note); err != nil {
		s.t.Errorf("the payload: %v", err)
	}
	s.got = append(s.got, p)
	w.WriteHeader(http.StatusCreated)
}

// checkVAPID is RFC 8292: a token of ES256 over header and claims, by the key
// that goes with it.
func (s *service) checkVAPID(r *http.Request) {
	token, key, ok := strings.Cut(strings.TrimPrefix(r.Header.Get("Authorization"), "vapid t="), ", k=")
	parts := strings.Split(token, ".")
	if !ok || len(parts) != 3 {
		s.t.Errorf("Authorization %q", r.Header.Get("Authorization"))
		return
	}
	point, signature := decode(s.t, key), decode(s.t, parts[2])
	public, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), point)
	if err != nil {
		s.t.Error(err)
		return
	}
	hash := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	if !ecdsa.Verify(public, hash[:], new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:])) {
		s.t.Error("the signature is wrong")
	}
	var claims struct {
		Aud, Sub string
		Exp      int64
	}
	if err := json.Unmarshal(decode(s.t, parts[1]), &claims); err != nil {
		s.t.Error(err)
	}
	if left := time.Until(time.Unix(claims.Exp, 0)); claims.Aud != s.server.URL || claims.Sub != "https://fleet.example" || left < time.Minute || left > 24*time.Hour {
		s.t.Errorf("claims %+v", claims)
	}
}

func decode(t testing.TB, text string) []byte {
	t.Helper()
	b, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		t.Error(err)
	}
	return b
}

// decrypt is RFC 8291, section 3.4, with RFC 8188.
func (b *browser) decrypt(t testing.TB, body []byte) []byte {
	t.Helper()
	salt, size, length := body[:16], binary.BigEndian.Uint32(body[16:20]), int(body[20])
	sender, err := ecdh.P256().NewPublicKey(body[21 : 21+length])
	if err != nil {
		t.Fatal(err)
	}
	shared, err := b.key.ECDH(sender)
	if err != nil {
		t.Fatal(err)
	}
	derive := func(secret, salt []byte, info string, n int) []byte {
		key, err := hkdf.Key(sha256.New, secret, salt, info, n)
		if err != nil {
			t.Fatal(err)
		}
		return key
	}
	ikm := derive(shared, b.auth, "WebPush: info\x00"+string(b.key.PublicKey().Bytes())+string(sender.Bytes()), 32)
	block, err := aes.NewCipher(derive(ikm, salt, "Content-Encoding: aes128gcm\x00", 16))
	if err != nil {
		t.Fatal(err)
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		t.Fatal(err)
	}
	sealed := body[21+length:]
	if len(sealed) > int(size) {
		t.Errorf("%d bytes in a record of %d", len(sealed), size)
	}
	plain, err := gcm.Open(nil, derive(ikm, salt, "Content-Encoding: nonce\x00", 12), sealed, nil)
	if err != nil {
		t.Fatal(err)
	}
	text := strings.TrimRight(string(plain), "\x00")
	if !strings.HasSuffix(text, "\x02") {
		t.Error("the padding is wrong")
	}
	return []byte(strings.TrimSuffix(text, "\x02"))
}

func (s *service) pushed() []pushed {
	s.mu.Lock()
	defer s.mu.Unlock()
	got := s.got
	s.got = nil
	return got
}

// lab is browsers on a real store, and a carrier that reaches the service.
type lab struct {
	*service
	dir      string
	fleet    *tracker.Fleet
	keys     *tracker.Keyring
	browsers *notify.Browsers
	carrier  *webpush.Carrier
}

func newLab(t testing.TB) *lab {
	t.Helper()
	l := &lab{service: startService(t), dir: t.TempDir()}
	store, err := boltstore.Open(filepath.Join(l.dir, "fleet.db"), boltstore.Options{MmapBytes: 64 << 20})
	if err != nil {
		t.Fatal(err)
	}
	if l.keys, err = tracker.OpenKeyring(filepath.Join(l.dir, "keys"), tracker.MasterKey{1}); err != nil {
		t.Fatal(err)
	}
	if l.fleet, err = tracker.Open(store, tracker.Options{Keyring: l.keys, Log: slog.New(slog.DiscardHandler)}); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- l.fleet.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		<-done
		l.keys.Close()
		store.Close()
	})
	l.browsers = l.open(t)
	l.carrier = newCarrier(t, webpush.Options{Browsers: l.browsers, Contact: "https://fleet.example", Transport: l.server.Client().Transport})
	return l
}

// open reads the browsers from the store.
func (l *lab) open(t testing.TB) *notify.Browsers {
	t.Helper()
	b, err := notify.OpenBrowsers(l.fleet, l.keys)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func newCarrier(t testing.TB, o webpush.Options) *webpush.Carrier {
	t.Helper()
	c, err := webpush.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// add keeps a browser of a recipient.
func (l *lab) add(t testing.TB, to notify.Recipient, b notify.Browser) string {
	t.Helper()
	id, err := l.browsers.Add(t.Context(), to, b)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// send gives each try its time.
func (l *lab) send(t testing.TB, m *notify.Message) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	_, err := l.carrier.Send(ctx, m)
	return err
}
