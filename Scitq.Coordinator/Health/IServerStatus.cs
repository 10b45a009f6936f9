namespace Scitq.Coordinator.Health;

/// <summary>How the coordinator itself is.</summary>
internal interface IServerStatus
{
    /// <summary><c>rabbitmq</c> or <c>memory</c>.</summary>
    string Bus { get; }

    /// <summary><c>postgresql</c> or <c>sqlite</c>.</summary>
    string Database { get; }

    DateTime Started { get; }

    /// <summary>The reasons that keep it from its work now, one line each; empty when all is well.</summary>
    IReadOnlyList<string> Problems { get; }

    /// <summary>Whether it can take and hand out tasks.</summary>
    bool Ready { get; }
}
