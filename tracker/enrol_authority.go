package tracker

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"time"
)

// ErrCertificateRequest is wrapped by every error about a certificate that
// cannot be made as asked.
var ErrCertificateRequest = errors.New("bad certificate request")

const (
	// CertificateLife is how long a device's certificate holds unless asked
	// otherwise; MaxCertificateLife is the most.
	CertificateLife    = 2 * 365 * 24 * time.Hour
	MaxCertificateLife = 10 * 365 * 24 * time.Hour
	// authorityLife is longer than any tracker's; no certificate outlives it.
	authorityLife = 30 * 365 * 24 * time.Hour
	// clockSkew is how far behind the clock of a device may be that checks its
	// own certificate.
	clockSkew = time.Hour
	// maxCommonName is ub-common-name of RFC 5280, A.1.
	maxCommonName = 64
	minRSABits    = 2048
	// maxRequest is longer than a request with any key that is taken.
	maxRequest = 16 << 10
)

const authorityKey = "device-authority"

// authority signs the certificates of this server's devices, and of nobody
// else's: whom it vouches for is the server itself.
type authority struct {
	certificate *x509.Certificate
	key         crypto.Signer
}

// storedAuthority is its record, DER each.
type storedAuthority struct {
	Certificate []byte `json:"certificate"`
	Key         []byte `json:"key"` // PKCS #8
}

// loadAuthority reads the authority, or makes it at the first start.
func loadAuthority(store Store, keys *Keyring) (*authority, error) {
	value, err := readWrapped(store, keys, keyBucket, authorityKey)
	if err != nil {
		return nil, fmt.Errorf("read the authority of device certificates: %w", err)
	}
	if value != nil {
		return parseAuthority(value)
	}
	if value, err = makeAuthority(time.Now()); err != nil {
		return nil, fmt.Errorf("make the authority of device certificates: %w", err)
	}
	row := BucketRecord{Bucket: keyBucket, Record: Record{Key: authorityKey, Value: value}}
	err = store.Commit(&Transaction{Records: []BucketRecord{keys.wrapped(row)}})
	if err != nil {
		return nil, fmt.Errorf("store the authority of device certificates: %w", err)
	}
	return parseAuthority(value)
}

func parseAuthority(value []byte) (*authority, error) {
	var stored storedAuthority
	if err := json.Unmarshal(value, &stored); err != nil {
		return nil, fmt.Errorf("authority of device certificates: %w: %w", errDamaged, err)
	}
	certificate, err := x509.ParseCertificate(stored.Certificate)
	if err != nil {
		return nil, fmt.Errorf("authority of device certificates: %w: %w", errDamaged, err)
	}
	key, err := x509.ParsePKCS8PrivateKey(stored.Key)
	if err != nil {
		return nil, fmt.Errorf("key of the authority of device certificates: %w: %w", errDamaged, err)
	}
	signer, ok := key.(crypto.Signer)
	if !ok {
		return nil, fmt.Errorf("key of the authority of device certificates: %w: it cannot sign", errDamaged)
	}
	return &authority{certificate, signer}, nil
}

func makeAuthority(now time.Time) ([]byte, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	serial := newSerial()
	template := &x509.Certificate{
		SerialNumber: serial,
		// Servers are told apart by the number where a device knows several.
		Subject:               pkix.Name{CommonName: "Wayguard devices " + serial.Text(36)[:8]},
		NotBefore:             now.Add(-clockSkew),
		NotAfter:              now.Add(authorityLife),
		KeyUsage:              x509.KeyUsageCertSign,
		BasicConstraintsValid: true,
		IsCA:                  true,
		MaxPathLenZero:        true,
	}
	certificate, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, err
	}
	encoded, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	return json.Marshal(storedAuthority{Certificate: certificate, Key: encoded})
}

// newSerial has 127 random bits and never a leading zero, so that its bytes are
// always as many (RFC 5280, 4.1.2.2: positive, at most 20 octets).
func newSerial() *big.Int {
	b := make([]byte, 16)
	rand.Read(b)
	b[0] = b[0]&0x7f | 0x40
	return new(big.Int).SetBytes(b)
}

// DeviceAuthority is what the client certificates of devices are signed by.
func (f *Fleet) DeviceAuthority() *x509.Certificate { return f.registry.authority.certificate }

// issue signs a certificate for id and returns its number, too.
func (a *authority) issue(id DeviceID, ask Ask, now time.Time) (*Certificate, []byte, error) {
	if len(id) > maxCommonName {
		return nil, nil, fmt.Errorf("%w: an id of more than %d characters does not fit into a certificate; use a secret", ErrCertificateRequest, maxCommonName)
	}
	valid := ask.Valid
	if valid == 0 {
		valid = CertificateLife
	}
	if valid < 0 || valid > MaxCertificateLife {
		return nil, nil, fmt.Errorf("%w: it can be valid for at most %d days", ErrCertificateRequest, int(MaxCertificateLife.Hours()/24))
	}
	public, key, err := subjectKey(ask.Request)
	if err != nil {
		return nil, nil, err
	}
	expires := now.Add(valid).Truncate(time.Second)
	if expires.After(a.certificate.NotAfter) {
		expires = a.certificate.NotAfter
	}
	serial := newSerial()
	der, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{
		SerialNumber:          serial,
		Subject:               pkix.Name{CommonName: string(id)},
		NotBefore:             now.Add(-clockSkew),
		NotAfter:              expires,
		KeyUsage:              x509.KeyUsageDigitalSignature,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
		BasicConstraintsValid: true,
	}, a.certificate, public, a.key)
	if err != nil {
		return nil, nil, fmt.Errorf("sign the certificate of device %q: %w", id, err)
	}
	return &Certificate{
		Certificate: encodePEM(certificateType, der), Key: key,
		Authority: encodePEM(certificateType, a.certificate.Raw), Expires: expires,
	}, serial.Bytes(), nil
}

// Types of PEM blocks (RFC 7468).
const (
	certificateType = "CERTIFICATE"
	requestType     = "CERTIFICATE REQUEST"
	oldRequestType  = "NEW CERTIFICATE REQUEST"
	keyType         = "PRIVATE KEY"
)

func encodePEM(kind string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}

// subjectKey is the public key of a request or, without one, a new one and its
// private key in PEM.
func subjectKey(request []byte) (public crypto.PublicKey, key string, err error) {
	if len(request) > 0 {
		public, err = parseRequest(request)
		return public, "", err
	}
	made, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, "", fmt.Errorf("make a device's key: %w", err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(made)
	if err != nil {
		return nil, "", fmt.Errorf("encode a device's key: %w", err)
	}
	return made.Public(), encodePEM(keyType, der), nil
}

// parseRequest takes the public key from a request whose sender has shown to
// hold the private one.
func parseRequest(request []byte) (crypto.PublicKey, error) {
	if len(request) > maxRequest {
		return nil, fmt.Errorf("%w: it is longer than %d bytes", ErrCertificateRequest, maxRequest)
	}
	block, _ := pem.Decode(request)
	if block == nil || block.Type != requestType && block.Type != oldRequestType {
		return nil, fmt.Errorf("%w: it must be PEM that begins with -----BEGIN %s-----", ErrCertificateRequest, requestType)
	}
	parsed, err := x509.ParseCertificateRequest(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("%w: it is not a PKCS #10 request", ErrCertificateRequest)
	}
	// A large RSA key would take long to check.
	if !strong(parsed.PublicKey) {
		return nil, fmt.Errorf("%w: its key must be ECDSA on P-256 or P-384, Ed25519, or RSA of %d to %d bits", ErrCertificateRequest, minRSABits, 2*minRSABits)
	}
	if parsed.CheckSignature() != nil {
		return nil, fmt.Errorf("%w: its signature is wrong", ErrCertificateRequest)
	}
	return parsed.PublicKey, nil
}

func strong(key crypto.PublicKey) bool {
	switch k := key.(type) {
	case *ecdsa.PublicKey:
		return k.Curve == elliptic.P256() || k.Curve == elliptic.P384()
	case *rsa.PublicKey:
		return k.N.BitLen() >= minRSABits && k.N.BitLen() <= 2*minRSABits
	case ed25519.PublicKey:
		return true
	}
	return false
}
