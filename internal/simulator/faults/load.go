package faults

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/goccy/go-yaml"
)

// Load reads a plan from a YAML or JSON file.
func Load(path string) (Plan, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return Plan{}, fmt.Errorf("reading the fault plan: %w", err)
	}
	plan, err := Parse(data)
	if err != nil {
		return Plan{}, fmt.Errorf("fault plan %s: %w", path, err)
	}
	return plan, nil
}

// Parse reads a plan from JSON (text that begins with a brace) or YAML, and
// checks it. Unknown keys are errors.
func Parse(data []byte) (Plan, error) {
	var plan Plan
	if bytes.HasPrefix(bytes.TrimSpace(data), []byte("{")) {
		decoder := json.NewDecoder(bytes.NewReader(data))
		decoder.DisallowUnknownFields()
		if err := decoder.Decode(&plan); err != nil {
			return Plan{}, fmt.Errorf("as JSON: %w", err)
		}
	} else if err := yaml.NewDecoder(bytes.NewReader(data), yaml.Strict()).Decode(&plan); err != nil && !errors.Is(err, io.EOF) {
		return Plan{}, fmt.Errorf("as YAML: %w", err)
	}
	return plan, plan.Validate()
}

// Validate returns the first mistake of a plan.
func (p Plan) Validate() error {
	for i, rule := range p.Rules {
		if err := rule.validate(); err != nil {
			return fmt.Errorf("rules[%d]: %w", i, err)
		}
	}
	for i, refusal := range p.Refuse {
		if err := refusal.validate(); err != nil {
			return fmt.Errorf("refuse[%d]: %w", i, err)
		}
	}
	if err := validateAll("lose", p.Lose); err != nil {
		return err
	}
	for i, forgetting := range p.Forget {
		if err := forgetting.validate(); err != nil {
			return fmt.Errorf("forget[%d]: %w", i, err)
		}
	}
	if err := validateAll("hide", p.Hide); err != nil {
		return err
	}
	if err := validateAll("crash", p.Crash); err != nil {
		return err
	}
	if p.Preview.CutAfter < 0 || p.Preview.PageMax < 0 || p.EndsAfter < 0 {
		return errors.New("preview: cut_after and page_max, and ends_after, are not negative")
	}
	if err := p.Pages.validate(); err != nil {
		return fmt.Errorf("pages: %w", err)
	}
	if p.Counts != nil && (p.Counts.Dip < 0 || p.Counts.Dip > 1) {
		return errors.New("counts: dip is a share between 0 and 1")
	}
	return nil
}

func (r Rule) validate() error {
	if err := r.Match.validate(); err != nil {
		return fmt.Errorf("match: %w", err)
	}
	if err := r.RetryAfterForm.Validate(); err != nil {
		return fmt.Errorf("retry_after_form %w", err)
	}
	return r.validateAction()
}

func (r Rule) validateAction() error {
	isStatus := r.Status >= 200 && r.Status <= 599
	switch r.Do {
	case OnlyLatency:
		if r.Latency == 0 && r.Jitter == 0 {
			return errors.New("does nothing: it needs do, latency or jitter")
		}
	case Status:
		if !isStatus {
			return errors.New("do: status needs a status between 200 and 599")
		}
	case HTML:
		if !isStatus && r.Status != 0 {
			return errors.New("do: html needs a status between 200 and 599, or none for 502")
		}
	case RateLimit:
		if r.PerSecond <= 0 {
			return errors.New("do: rate_limit needs per_second above 0")
		}
	case SlowBody:
		if r.Over == 0 {
			return errors.New("do: slow_body needs over")
		}
	case Reset, LostReply, CutBody, TruncatedJSON, WrongLength, WrongTypes:
	default:
		return fmt.Errorf("do %q is not status, html, rate_limit, reset, lost_reply, cut_body, truncated_json, slow_body, wrong_length or wrong_types", r.Do)
	}
	return nil
}

func (p Pages) validate() error {
	switch {
	case p.Repeat < 0:
		return errors.New("repeat is not negative")
	case p.Circle < 0 || p.Circle == 1:
		return errors.New("circle is from 2 on")
	case p.Endless != "" && p.Endless != EndlessEmpty && p.Endless != EndlessAgain:
		return fmt.Errorf("endless %q is not empty or again", p.Endless)
	}
	return nil
}

func (m Match) validate() error {
	switch {
	case m.Side != "" && m.Side != Zeotap && m.Side != Charles:
		return fmt.Errorf("side %q is not zeotap or charles", m.Side)
	case m.From < 0 || m.To < 0 || m.Every < 0 || m.Times < 0:
		return errors.New("from, to, every and times are not negative")
	case m.To > 0 && m.To < m.From:
		return errors.New("to is not less than from")
	case m.Probability < 0 || m.Probability > 1:
		return errors.New("probability is between 0 and 1")
	}
	return nil
}

// Validate says whether the form is one of the five, or none is given.
func (f RetryAfterForm) Validate() error {
	switch f {
	case "", RetryAfterSeconds, RetryAfterDate, RetryAfterNone, RetryAfterAbsurd, RetryAfterGarbage:
		return nil
	default:
		return fmt.Errorf("%q is not seconds, date, none, absurd or garbage", f)
	}
}

func (r Refusal) validate() error {
	if r.Status != 0 && (r.Status < 400 || r.Status > 599) {
		return errors.New("status is between 400 and 599")
	}
	return r.selection().validate()
}

func validateAll(name string, list []Selection) error {
	for i, selection := range list {
		if err := selection.validate(); err != nil {
			return fmt.Errorf("%s[%d]: %w", name, i, err)
		}
	}
	return nil
}

func (s Selection) validate() error {
	switch {
	case s.Share < 0 || s.Share > 1:
		return errors.New("share is between 0 and 1")
	case s.Share == 0 && len(s.References) == 0 && s.Suffix == "" && len(s.Places) == 0:
		return errors.New("selects nobody: it needs share, references, suffix or places")
	case s.Batch != 0 && len(s.Places) == 0:
		return errors.New("batch says where the places are; it needs places")
	case s.Attempts < 0 || s.Batch < 0:
		return errors.New("attempts and batch are not negative")
	}
	return nil
}
