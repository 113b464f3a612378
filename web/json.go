package web

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime"
	"net/http"
	"slices"
	"strings"
)

func writeJSON(w http.ResponseWriter, status int, v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("encode answer: %w", err)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(append(body, '\n'))
	return nil
}

// readBody reads all of r's body, which must be one of types; without a
// Content-Type it is taken for one. No form of a foreign page can send that.
func readBody(r *http.Request, types ...string) ([]byte, error) {
	given := r.Header.Get("Content-Type")
	if media, _, err := mime.ParseMediaType(given); given != "" && (err != nil || !slices.Contains(types, media)) {
		return nil, &problem{
			status: http.StatusUnsupportedMediaType,
			detail: "The Content-Type must be " + strings.Join(types, " or ") + ".",
		}
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, unreadable(err)
	}
	return body, nil
}

// unreadable is about a body that did not arrive whole.
func unreadable(err error) error {
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return err
	}
	return badRequest("The body could not be read to its end.")
}

// member is one member that an object may have, and where its value goes.
type member struct {
	name  string
	value any // a pointer
	kind  string
}

// readObject reads a body that is one JSON object with no other members than
// those given. Which of them are required is for the caller to say.
func readObject(r *http.Request, members ...member) error {
	body, err := readBody(r, "application/json")
	if err != nil {
		return err
	}
	given, err := parseObject(body)
	if err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(given)) {
		if err := setMember(members, name, given[name]); err != nil {
			return err
		}
	}
	return nil
}

func setMember(members []member, name string, value json.RawMessage) error {
	i := slices.IndexFunc(members, func(m member) bool { return m.name == name })
	if i < 0 {
		return &problem{
			status: http.StatusBadRequest,
			detail: fmt.Sprintf("The member %.100q is not known here. Known are: %s.", name, memberNames(members)),
			member: cut(name, 100),
		}
	}
	if bytes.Equal(value, []byte("null")) || json.Unmarshal(value, members[i].value) != nil {
		return badMember(name, "must be "+members[i].kind+".")
	}
	return nil
}

func memberNames(members []member) string {
	names := make([]string, len(members))
	for i, m := range members {
		names[i] = m.name
	}
	return strings.Join(names, ", ")
}

// parseObject takes exactly one JSON object, with nothing behind it.
func parseObject(body []byte) (map[string]json.RawMessage, error) {
	var syntax *json.SyntaxError
	var object map[string]json.RawMessage
	dec := json.NewDecoder(bytes.NewReader(body))
	switch err := dec.Decode(&object); {
	case errors.As(err, &syntax):
		return nil, badRequest(fmt.Sprintf("The body is not JSON: it goes wrong at byte %d.", syntax.Offset))
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return nil, badRequest("The body is not JSON: it ends too early.")
	case err != nil || object == nil:
		return nil, badRequest("The body must be a JSON object.")
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, badRequest("The body must end after the JSON object.")
	}
	return object, nil
}

// cut shortens s to at most n bytes of whole characters.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "")
}
