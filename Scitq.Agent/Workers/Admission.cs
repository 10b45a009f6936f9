using Scitq.Agent.Attempts;
using Scitq.Agent.Disk;
using Scitq.Agent.Journal;

namespace Scitq.Agent.Workers;

/// <summary>Decides whether this worker may take new tasks.</summary>
internal sealed class Admission(AttemptTable attempts, DirectoryOpening directories, AttemptJournal journal, DiskRoom room)
{
    /// <summary>The first reason not to; null when there is none.</summary>
    public Hold? Hold() =>
        attempts.IsDraining ? Workers.Hold.Draining
        : directories.Problem is { } unusable ? Workers.Hold.Directory(unusable)
        : journal.Problem is { } unwritable ? Workers.Hold.Journal(unwritable)
        : room.Problem() is { } full ? Workers.Hold.Disk(full)
        : null;
}
