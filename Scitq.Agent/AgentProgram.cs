using Scitq.Hosting.Configuration;

namespace Scitq.Agent;

/// <summary>The options and defaults of programs with an agent.</summary>
public static class AgentProgram
{
    private const string Purpose = """
        Runs tasks of a batch on this machine.

        SIGTERM drains: nothing new is taken and running tasks end; a second one stops at once and leaves them to the next
        start. Exit codes: 0 drained, 1 failed, 2 wrong usage, 3 refused (name or work directory in use).
        """;

    /// <summary>The agent as a program of its own.</summary>
    public static ServiceProgram Service { get; } = new("scitq-agent", Purpose, ServiceOption.Of<AgentOptions>())
    {
        Defaults = [new("Logging:LogLevel:Default", "Information"), new("Logging:LogLevel:Microsoft", "Warning"), new("Logging:LogLevel:MassTransit", "Error")],
    };

    /// <summary>The options of an agent that is part of another program, which knows where its bus and its directories are.</summary>
    public static IReadOnlyList<ServiceOption> InProcess { get; } =
        [.. ServiceOption.Of<AgentOptions>().Where(
            o => o.Name is not ("bus" or "bus-file" or "bus-ca" or "bus-cert" or "bus-key" or "work-dir" or "takeover"))];
}
