package config

import "time"

// DefaultSync returns a sync with every default and no required value.
func DefaultSync() Sync {
	return Sync{
		Mode:      ModeAdd,
		OnInvalid: InvalidKeep,
		Gate: Gate{
			Leavers:       GateLimit{Share: 0.2, Floor: 10},
			Joiners:       GateLimit{Share: 1, Floor: 10},
			Changes:       GateLimit{Share: 1, Floor: 10},
			EmptyAudience: GateAsk,
			Unfilled:      GateAsk,
			FirstRun:      FirstAllow,
			Scheduled:     ScheduledAsk,
			KeepFor:       Duration(6 * time.Hour),
		},
		Verification: Verification{
			Compare:  CompareAlways,
			Repair:   1,
			Sample:   20,
			Poll:     Duration(5 * time.Second),
			MaxLag:   Duration(2 * time.Minute),
			Deadline: Duration(15 * time.Minute),
		},
		Limits: SyncLimits{
			StagingMegabytes:   4096,
			Refused:            0.25,
			RetryFailuresAfter: Duration(7 * 24 * time.Hour),
			KeepFailuresFor:    Duration(90 * 24 * time.Hour),
			WaitForDecision:    Duration(24 * time.Hour),
			StalledAfter:       Duration(15 * time.Minute),
			BatchesPerHistory:  1000,
		},
	}
}

// DefaultChannel returns the mapping of a phone number or an email address with
// every default and no source.
func DefaultChannel() Channel { return Channel{Unusable: HoldBack, Missing: MissingSend} }

// DefaultZeotapAPI returns a connection with every default and no required value.
func DefaultZeotapAPI() ZeotapAPI {
	return ZeotapAPI{
		CredentialHeader: "apikey",
		Limits: Limits{
			RequestsPerSecond: 10,
			RequestsInFlight:  4,
			MaxRetryAfter:     Duration(5 * time.Minute),
		},
		Timeout:          Duration(time.Minute),
		PageSize:         10_000,
		MaxBodyMegabytes: 64,
		Paths: ZeotapPaths{
			Audience:  "/v1/audiences/{audience}",
			Snapshots: "/v1/audiences/{audience}/snapshots",
			Members:   "/v1/audiences/{audience}/members",
		},
		Names: ZeotapNames{
			LimitParam:    "limit",
			CursorParam:   "cursor",
			SnapshotParam: "snapshot",
			MembersKey:    "members",
			CursorKey:     "next_cursor",
			VersionKey:    "version",
		},
	}
}

// DefaultZeotapExport returns a connection with every default and no required value.
func DefaultZeotapExport() ZeotapExport {
	return ZeotapExport{
		Compression:        CompressionAuto,
		Delimiter:          ",",
		Settle:             Duration(10 * time.Minute),
		PageSize:           10_000,
		MaxRecordKilobytes: 1024,
		Delivers:           DeliversFull,
		Deltas: ExportDeltas{
			Words: OperationWords{
				Full: []string{"full"}, Insert: []string{"insert"}, Update: []string{"update"}, Delete: []string{"delete"},
			},
			Updates:   UpdatesWhole,
			LateAfter: Duration(48 * time.Hour),
			FullShare: 0.8,
		},
		SFTP: SFTP{Timeout: Duration(30 * time.Second)},
	}
}

// DefaultHelloCharles returns a connection with every default and no required
// value. Its request rate is 0: the default depends on how contacts are sent
// (see DefaultRequestsPerSecond).
func DefaultHelloCharles() HelloCharles {
	allowed := true
	return HelloCharles{
		Limits:           Limits{RequestsInFlight: 2, MaxRetryAfter: Duration(15 * time.Minute)},
		Timeout:          Duration(time.Minute),
		MaxBodyMegabytes: 16,
		Send:             SendSingle,
		Single:           SingleContacts{Method: "PUT", Path: "/api/v1beta/contacts"},
		Batch: BatchContacts{
			MaxItems: 1000,
			Items: ReplyItems{
				Key:       "items",
				Shape:     ItemsList,
				Reference: "external_reference_id",
				Status:    "status",
				Created:   []string{"created", "201"},
				Updated:   []string{"updated", "200"},
				Accepted:  []string{"accepted", "ok", "success", "202", "204"},
				Refused:   []string{"refused", "rejected", "failed", "error", "invalid", "400", "409", "422"},
				Transient: []string{
					"429", "500", "502", "503", "504", "rate_limited", "too_many_requests", "timeout", "temporarily_unavailable",
				},
				ErrorCode:    "error.code",
				ErrorMessage: "error.message",
			},
			Counts: ReplyCounts{Created: "created", Updated: "updated", Refused: "refused"},
			Errors: ReplyErrors{Key: "errors", Reference: "external_reference_id"},
		},
		Phone:   PhoneShape{ValueKey: "value", TypeKey: "type", Spelling: NormaliseE164},
		Email:   ChannelShape{ValueKey: "value", TypeKey: "type"},
		Tags:    TagLabel,
		Omitted: OmittedUnknown,
		Read: Reads{
			Allowed:          &allowed,
			Auth:             AuthAPIKey,
			TagsPath:         "/api/v0/tags",
			PropertiesPath:   "/api/v0/custom_properties",
			SegmentsPath:     "/api/v0/contact_lists",
			SegmentCountPath: "/api/v1/contact_lists/{segment}/preview",
			CountHeader:      "X-Resource-Count",
			PageSize:         100,

			SegmentMembersPath: "/api/v1/contact_lists/{segment}/preview",
			SegmentPageSize:    500,
			SegmentMember: SegmentMemberNames{
				Data:       "data",
				ID:         "person.id",
				References: "person.channel_users",
				Reference:  "external_person_reference_id",
				SourceType: "source_type",
			},
			Contact: ContactNames{
				Data:       "data",
				Reference:  "channel_users.external_person_reference_id",
				FirstName:  "first_name",
				MiddleName: "middle_name",
				LastName:   "last_name",
				Phones:     "phonenumbers.value",
				Emails:     "emails.value",
				Tags:       "tags",
				Properties: "custom_properties",
			},
		},
	}
}

// DefaultRequestsPerSecond is the request rate to Hello Charles where none is
// set: no public document gives a limit (see docs/hello-charles.md A14).
func DefaultRequestsPerSecond(send SendMode) float64 {
	if send == SendBatch {
		return 2
	}
	return 5
}
