package email

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"

	"github.com/emersion/go-msgauth/dkim"
)

// SigningKey signs mails with DKIM (RFC 6376, RFC 8463); nil signs nothing.
type SigningKey struct {
	domain, selector string
	key              crypto.Signer
}

// minRSABits is what verifiers must accept and less must not be used (RFC 8301).
const minRSABits = 1024

// signed are the headers that a signature covers. RFC 8058 asks for those of
// unsubscribing. What comes twice here cannot be added on the way.
var signed = []string{
	"From", "From", "To", "To", "Subject", "Subject", "Date", "Message-ID", "Reply-To", "Reply-To", "MIME-Version",
	"Content-Type", "Content-Type", "Content-Transfer-Encoding", "Content-Language", "Auto-Submitted",
	"List-Unsubscribe", "List-Unsubscribe-Post",
}

// ParseSigningKey reads a private key, RSA or Ed25519, in PEM form. Its public
// half is published as Record says. Errors wrap ErrOptions.
func ParseSigningKey(domain, selector string, text []byte) (*SigningKey, error) {
	if domain == "" || selector == "" {
		return nil, fmt.Errorf("%w: a key to sign with needs its domain and its selector", ErrOptions)
	}
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, fmt.Errorf("%w: the file holds no key in PEM form; make one with: openssl genrsa -out dkim.pem 2048", ErrOptions)
	}
	key, err := parseKey(block)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrOptions, err)
	}
	return &SigningKey{domain: domain, selector: selector, key: key}, nil
}

func parseKey(block *pem.Block) (crypto.Signer, error) {
	var key any
	var err error
	switch block.Type {
	case "PRIVATE KEY":
		key, err = x509.ParsePKCS8PrivateKey(block.Bytes)
	case "RSA PRIVATE KEY":
		key, err = x509.ParsePKCS1PrivateKey(block.Bytes)
	default:
		return nil, fmt.Errorf("the file holds a %s, not a private key without a password", block.Type)
	}
	if err != nil {
		return nil, errors.New("the private key is damaged or of a kind that is not known")
	}
	switch key := key.(type) {
	case ed25519.PrivateKey:
		return key, nil
	case *rsa.PrivateKey:
		if key.N.BitLen() < minRSABits {
			return nil, fmt.Errorf("the RSA key has %d bits: make one of 2048", key.N.BitLen())
		}
		return key, nil
	}
	return nil, errors.New("the private key must be RSA or Ed25519")
}

// Record is the TXT record that verifiers look for, and its name.
func (k *SigningKey) Record() (name, text string, err error) {
	kind, public := "ed25519", []byte(nil)
	switch key := k.key.Public().(type) {
	case ed25519.PublicKey:
		public = key
	default:
		kind = "rsa"
		if public, err = x509.MarshalPKIXPublicKey(key); err != nil {
			return "", "", fmt.Errorf("encode the public key: %w", err)
		}
	}
	return k.selector + "._domainkey." + k.domain, "v=DKIM1; k=" + kind + "; p=" + base64.StdEncoding.EncodeToString(public), nil
}

// sign puts the signature before text.
func (k *SigningKey) sign(text []byte) ([]byte, error) {
	if k == nil {
		return text, nil
	}
	var b bytes.Buffer
	err := dkim.Sign(&b, bytes.NewReader(text), &dkim.SignOptions{
		Domain: k.domain, Selector: k.selector, Signer: k.key,
		// Servers on the way fold headers and trim lines.
		HeaderCanonicalization: dkim.CanonicalizationRelaxed, BodyCanonicalization: dkim.CanonicalizationRelaxed,
		HeaderKeys: signed,
	})
	if err != nil {
		return nil, fmt.Errorf("sign the mail: %w", err)
	}
	return b.Bytes(), nil
}
