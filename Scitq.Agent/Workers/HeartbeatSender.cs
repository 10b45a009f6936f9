using Scitq.Agent.Attempts;
using Scitq.Agent.Bus;
using Scitq.Agent.Parts;
using Scitq.Contracts;
using Scitq.Contracts.Messages;

namespace Scitq.Agent.Workers;

/// <summary>Says that this agent lives, which attempts it holds and how it is.</summary>
internal sealed class HeartbeatSender(IAgentBus bus, WorkerIdentity self, AttemptTable attempts, Leases leases, WorkerCondition condition)
    : ICoordinatorListener
{
    private long _sequence;
    private long _heard;

    /// <exception cref="SendException">Nobody may have heard it.</exception>
    public Task SendAsync(CancellationToken ct)
    {
        var keys = attempts.Keys();
        leases.Sending(++_sequence, keys);
        var heard = Interlocked.Read(ref _heard);
        var heartbeat = new WorkerHeartbeat { Worker = self.Name, Epoch = self.Epoch, Sequence = _sequence, Heard = heard, Leases = keys };
        return bus.SendAsync(Queues.Workers, condition.Tell(heartbeat), durable: false, ct);
    }

    public void Answered(HeartbeatAnswered answer) => _heard = Math.Max(_heard, answer.Sequence);
}
