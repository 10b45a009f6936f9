using Scitq.Contracts.Messages;

namespace Scitq.Agent.Parts;

/// <summary>Hears what the coordinator says of this worker as a whole. All are told in the order in which they are registered.</summary>
internal interface ICoordinatorListener
{
    /// <summary>The coordinator has registered this start of the agent.</summary>
    void Registered(WorkerRegistered answer)
    {
    }

    /// <summary>The coordinator has answered a heartbeat, and knows this agent.</summary>
    void Answered(HeartbeatAnswered answer)
    {
    }

    /// <summary>The coordinator no longer knows this agent, which registers anew.</summary>
    void Forgotten()
    {
    }
}
