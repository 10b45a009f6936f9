using Scitq.Tools.CommandLine;
using Scitq.Tools.Manage.Output;
using Scitq.Tools.Server;

namespace Scitq.Tools.Manage;

/// <summary>batch prioritize.</summary>
internal static class BatchPriorityVerb
{
    public static readonly Verb Verb = new(
        "batch", "prioritize", "Give a batch a priority: that of its tasks which have none of their own, queued ones included.", "NAME",
        [new("name", 'n', "NAME", "the batch"), PriorityOption.Option, TaskOptions.Reason],
        ["scitq-manage batch prioritize mybatch --priority 5"], RunAsync);

    private static async Task<int> RunAsync(ManageContext context)
    {
        if (BatchVerbs.Some(context) is not [var name]) throw new UsageException("this is about one batch, but several were given");
        var priority = PriorityOption.Read(context);
        var body = JsonBody.Write(json =>
        {
            json.WriteNumber("priority", priority);
            if (context.Line.Value("reason") is { } reason) json.WriteString("reason", reason);
        });
        using var answer = await context.Rest.PostAsync($"{BatchVerbs.Path(name)}/prioritize", body, null, context.Patience, context.Cancel);
        if (context.Format is Format.Json or Format.Jsonl) context.Io.Out.WriteLine(answer.RootElement.GetRawText());
        else if (!context.Quiet) context.Io.Out.WriteLine($"Batch {name} has priority {answer.RootElement.Number("priority")}");
        return ExitCodes.Done;
    }
}
