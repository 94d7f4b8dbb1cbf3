package config

// chooser is a text type with a fixed list of values.
type chooser interface {
	// Choices are the values that a file may give.
	Choices() []string
}

// Choices are the modes.
func (Mode) Choices() []string { return []string{string(ModeAdd), string(ModeMirror)} }

// Choices are the normalisations.
func (Normalise) Choices() []string {
	return []string{string(NormaliseE164), string(NormaliseDigits), string(NormaliseRaw)}
}

// Choices are the ways to treat an unusable channel.
func (Unusable) Choices() []string { return []string{string(HoldBack), string(Omit)} }

// Choices are the types of custom properties.
func (PropertyType) Choices() []string {
	return []string{
		string(PropertyString), string(PropertyNumber), string(PropertyBoolean), string(PropertyDate),
		string(PropertyDateTime), string(PropertySelect), string(PropertyMultiselect),
	}
}

// Choices are the kinds of connections.
func (Kind) Choices() []string {
	return []string{string(KindZeotapAPI), string(KindZeotapExport), string(KindHelloCharles)}
}

// Choices are the formats of export files.
func (ExportFormat) Choices() []string {
	return []string{string(FormatCSV), string(FormatNDJSON), string(FormatJSON)}
}

// Choices are the compressions of export files.
func (Compression) Choices() []string {
	return []string{string(CompressionAuto), string(CompressionNone), string(CompressionGzip)}
}

// Choices are the deliveries.
func (Delivery) Choices() []string { return []string{string(DeliversFull), string(DeliversDeltas)} }

// Choices are the operations that a set of changes can be waited for.
func (Operation) Choices() []string {
	return []string{string(OperationInsert), string(OperationUpdate), string(OperationDelete)}
}

// Choices are the forms of updates.
func (UpdateForm) Choices() []string { return []string{string(UpdatesWhole), string(UpdatesChanged)} }

// Choices are the ways to send contacts.
func (SendMode) Choices() []string { return []string{string(SendSingle), string(SendBatch)} }

// Choices are the forms of batch replies.
func (ReplyForm) Choices() []string {
	return []string{string(RepliesNone), string(RepliesCounts), string(RepliesItems), string(RepliesErrors)}
}

// Choices are the shapes of results.
func (ItemsShape) Choices() []string { return []string{string(ItemsList), string(ItemsObject)} }

// Choices are the forms of tags.
func (TagForm) Choices() []string { return []string{string(TagLabel), string(TagID)} }

// Choices are the effects on omitted fields.
func (Omitted) Choices() []string {
	return []string{string(OmittedKeep), string(OmittedClear), string(OmittedUnknown)}
}

// Choices are the ways to authenticate reads.
func (ReadAuth) Choices() []string { return []string{string(AuthAPIKey), string(AuthBearer)} }

// Choices are when a segment may be compared.
func (Comparing) Choices() []string {
	return []string{string(CompareAlways), string(CompareWhenDifferent), string(CompareNever)}
}
