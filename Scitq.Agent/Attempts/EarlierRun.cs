using Scitq.Agent.Runtimes;

namespace Scitq.Agent.Attempts;

/// <summary>What became of the command of an attempt that an earlier process of this agent held.</summary>
internal abstract record EarlierRun
{
    private EarlierRun()
    {
    }

    /// <summary>The command was started, and runs or has ended.</summary>
    internal sealed record Started(IRun Run) : EarlierRun;

    /// <summary>The command was never started.</summary>
    internal sealed record NotStarted : EarlierRun;

    /// <summary>That can't be told.</summary>
    internal sealed record Unknown(string Problem) : EarlierRun;
}
