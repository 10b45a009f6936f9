using Scitq.Tools.CommandLine;

namespace Scitq.Tools.Manage;

/// <summary>The options that say which workers, and those that all actions on workers share.</summary>
internal static class WorkerOptions
{
    public static readonly Option Name = new("name", 'n', "NAME", "the worker") { Given = Given.Many };
    public static readonly Option Id = new("id", 'i', "ID", "the worker, by number") { Given = Given.Many };
    public static readonly Option Batch = new("batch", 'b', "NAME", "all workers of this batch") { Given = Given.Many };
    public static readonly Option Wait = new("wait", 'w', null, "until it is done, and say what was done (with -t: no longer)");
}
