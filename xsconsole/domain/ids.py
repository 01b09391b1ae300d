"""Names of things. XAPI's own references are per pool database and may change; uuids are durable."""

from typing import NewType

ConfigurationId = NewType("ConfigurationId", str)
WorkflowId = NewType("WorkflowId", str)
StageId = NewType("StageId", str)
TransitionId = NewType("TransitionId", str)
PersonId = NewType("PersonId", str)  # within a workflow, as are stages, transitions and groups
GroupId = NewType("GroupId", str)
DraftId = NewType("DraftId", str)  # within a home
RunId = NewType("RunId", str)
RequestId = NewType("RequestId", str)
ReviewId = NewType("ReviewId", str)
QueueId = NewType("QueueId", str)  # within a home
BatchId = NewType("BatchId", str)
BlueprintId = NewType("BlueprintId", str)  # the same over all its versions
ArchiveId = NewType("ArchiveId", str)  # that of the run which made it
StepKey = NewType("StepKey", str)
Digest = NewType("Digest", str)  # SHA-256, lower-case hexadecimal
ConsoleId = NewType("ConsoleId", str)
Uuid = NewType("Uuid", str)  # of an XAPI object
Ref = NewType("Ref", str)  # OpaqueRef:...

NULL_REF = Ref("OpaqueRef:NULL")
