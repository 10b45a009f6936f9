using Scitq.Agent.Attempts;
using Scitq.Agent.Journal;
using Scitq.Agent.Machine;
using Scitq.Agent.Parts;
using Scitq.Agent.Runtimes;
using Scitq.Contracts;
using Scitq.Contracts.Messages;

namespace Scitq.Agent.Workers;

/// <summary>Says in a registration what this worker is, and what it holds from before.</summary>
internal sealed class Introduction(AgentOptions options, AttemptJournal journal, RuntimeSet runtimes, AttemptTable attempts, AgentProcess process)
{
    public RegisterWorker Make() => new()
    {
        Worker = options.Name,
        Epoch = journal.Epoch,
        PreviousEpoch = journal.PreviousEpoch,
        PreviousEpochs = journal.PreviousEpochs,
        Takeover = options.Takeover,
        Batch = options.Batch,
        Concurrency = options.Concurrency,
        Prefetch = options.Prefetch,
        LeaseSeconds = options.LeaseTime.TotalSeconds,
        Knows = process.Knows,
        Host = HostFigures.Describe(runtimes.DockerVersion, runtimes.Gpus),
        Leases = attempts.Keys(),
    };
}
