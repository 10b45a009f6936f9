using System.Globalization;
using Scitq.Contracts;
using Scitq.Tools.CommandLine;

namespace Scitq.Tools.Manage;

/// <summary>The priority that a verb gives.</summary>
internal static class PriorityOption
{
    public static readonly Option Option = new("priority", '\0', "N", "-10 to 10, higher first");

    /// <exception cref="UsageException">There is none, or it is no priority.</exception>
    public static int Read(ManageContext context)
    {
        var text = context.Line.Value("priority") ?? throw new UsageException("which priority? give --priority N, -10 to 10");
        if (!int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var priority))
            throw new UsageException($"option --priority '{text}' is not a whole number");
        return TaskPriority.Problem(priority) is { } problem ? throw new UsageException(problem) : priority;
    }
}
