using System.Net;
using Microsoft.EntityFrameworkCore;
using Scitq.Contracts;
using Scitq.Contracts.Messages;
using Scitq.Tests.Servers;

namespace Scitq.Tests.Integration.Api;

/// <summary>What becomes of tasks that require others, whatever the database.</summary>
[Trait("Level", "Integration")]
public abstract class RequirementApiTests(bool postgres)
{
    private static readonly string[] True = ["true"];

    [Fact(Timeout = 60_000)]
    public async Task T22_A_task_says_that_what_it_requires_failed_and_runs_when_that_is_relaunched_and_succeeds()
    {
        await using var server = await ApiServer.StartAsync(postgres);
        var (first, id) = await server.SubmitAsync();
        var (second, _) = await server.SubmitAsync(new { argv = True, requirements = new[] { $"{first}" } });
        await FailAsync(server, id, 1);
        Assert.Equal(("waiting", $"task {first} failed"), await StandsAsync(server, second));
        Assert.Contains($"it waits for task {first}, which failed: relaunch that one, or cancel this one.", await DetailsAsync(server, second));
        (await server.PostAsync($"/tasks/{first}/relaunch")).Json(HttpStatusCode.Accepted);
        await server.EndAsync(await server.ClaimAsync(id, 2));
        await BecomesAsync(server, second, "pending");
    }

    [Fact(Timeout = 60_000)]
    public async Task A_task_that_is_not_to_wait_is_cancelled_with_what_it_requires_and_so_are_those_behind_it()
    {
        await using var server = await ApiServer.StartAsync(postgres);
        var (first, id) = await server.SubmitAsync();
        var (second, _) = await server.SubmitAsync(new { argv = True, requirements = new[] { $"{first}" }, on_requirement_failure = "cancel" });
        var (third, _) = await server.SubmitAsync(new { argv = True, requirements = new[] { $"{second}" }, on_requirement_failure = "cancel" });
        var (patient, _) = await server.SubmitAsync(new { argv = True, requirements = new[] { $"{second}" }, on_requirement_failure = "wait" });
        await FailAsync(server, id, 1);
        await BecomesAsync(server, third, "cancelled");
        var shown = (await server.GetAsync($"/tasks/{second}")).Json();
        Assert.Equal(("cancelled", $"cancelled: task {first}, which it requires, failed"),
            (shown.GetProperty("status").GetString(), shown.GetProperty("reason").GetString()));
        Assert.Contains(shown.GetProperty("history").EnumerateArray(), h => h.GetProperty("kind").GetString() == "requirement_failed");
        Assert.Equal(("waiting", $"task {second} was cancelled"), await StandsAsync(server, patient));
    }

    [Fact(Timeout = 60_000)]
    public async Task A_task_starts_when_those_it_comes_after_have_ended_however()
    {
        await using var server = await ApiServer.StartAsync(postgres);
        var ids = new[] { await server.SubmitAsync(), await server.SubmitAsync(), await server.SubmitAsync() };
        // Both at once: what must succeed need not be named as what must end.
        var (after, _) = await server.SubmitAsync(new
        {
            argv = True, after_any = ids.Select(t => $"{t.Number}"), requirements = new[] { $"{ids[2].Number}" }, on_requirement_failure = "cancel",
        });
        await FailAsync(server, ids[0].Id, 1);
        (await server.PostAsync($"/tasks/{ids[1].Number}/cancel")).Json(HttpStatusCode.Accepted);
        Assert.Equal(("waiting", null), await StandsAsync(server, after));
        Assert.Equal([$"it waits for task {ids[2].Number}, which is pending."], await DetailsAsync(server, after));
        await server.EndAsync(await server.ClaimAsync(ids[2].Id));
        await BecomesAsync(server, after, "pending");
    }

    [Fact(Timeout = 60_000)]
    public async Task T24_A_task_says_that_what_it_requires_was_deleted_and_what_only_comes_after_it_starts()
    {
        await using var server = await ApiServer.StartAsync(postgres);
        var (first, id) = await server.SubmitAsync();
        var (waits, _) = await server.SubmitAsync(new { argv = True, requirements = new[] { $"{first}" } });
        var (ends, _) = await server.SubmitAsync(new { argv = True, requirements = new[] { $"{first}" }, on_requirement_failure = "cancel" });
        var (after, _) = await server.SubmitAsync(new { argv = True, after_any = new[] { $"{first}" } });
        await using (var db = server.Context()) await db.Tasks.Where(t => t.CorrelationId == id).ExecuteDeleteAsync();
        Assert.Equal(("waiting", $"task {id} was deleted"), await StandsAsync(server, waits));
        Assert.Equal(
            [$"it waits for task {id}, which was deleted: let this one require others (scitq-manage task update -R), or cancel this one."],
            await DetailsAsync(server, waits));
        await server.RestartRequirementsAsync();
        await BecomesAsync(server, ends, "cancelled");
        await BecomesAsync(server, after, "pending");
    }

    private static async Task FailAsync(ApiServer server, Guid id, int attempt) => await server.EndAsync(
        await server.ClaimAsync(id, attempt), new AttemptResult { Failure = FailureClass.Exit, ExitCode = 3, Finished = ApiServer.Now });

    private static async Task<(string?, string?)> StandsAsync(ApiServer server, long task)
    {
        var shown = (await server.GetAsync($"/tasks/{task}")).Json();
        return (shown.GetProperty("status").GetString(), shown.GetProperty("why").GetString());
    }

    private static async Task<IEnumerable<string?>> DetailsAsync(ApiServer server, long task) =>
        (await server.GetAsync($"/tasks/{task}/explain")).Json().GetProperty("details").EnumerateArray().Select(d => d.GetString());

    private static Task BecomesAsync(ApiServer server, long task, string status) => Eventually.Async(
        async () => (await StandsAsync(server, task)).Item1 == status, $"task {task} is {status}", TimeSpan.FromSeconds(30));
}

public sealed class SqliteRequirementApiTests() : RequirementApiTests(postgres: false);

public sealed class PostgresRequirementApiTests() : RequirementApiTests(postgres: true);
