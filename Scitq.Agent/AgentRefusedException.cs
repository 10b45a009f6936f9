using Scitq.Hosting.Configuration;

namespace Scitq.Agent;

/// <summary>The agent may not work here or under this name; the message is the line its administrator reads, and the exit code is 3.</summary>
public sealed class AgentRefusedException(string message, Exception? inner = null) : ServiceRefusedException(message, ExitCode, inner)
{
    /// <summary>The process's exit code.</summary>
    public const int ExitCode = 3;
}
