namespace Scitq.Tools.CommandLine;

/// <summary>The command line is wrong.</summary>
internal sealed class UsageException(string message, string? hint = null) : ToolException(ExitCodes.Usage, "usage", message, hint);
