using Scitq.Contracts.Messages;
using Scitq.Coordinator.Tasks;

namespace Scitq.Tests.Integration.Api;

/// <summary>What lists and explain say of tasks that do not start.</summary>
[Trait("Level", "Integration")]
public sealed class StandstillTests
{
    [Theory(Timeout = 60_000), InlineData(false), InlineData(true)]
    public async Task A_list_says_in_a_word_why_a_queued_task_does_not_start(bool postgres)
    {
        await using var server = await ApiServer.StartAsync(postgres);
        var (failed, id) = await server.SubmitAsync();
        await server.EndAsync(await server.ClaimAsync(id), new AttemptResult { Finished = ApiServer.Now, ExitCode = 3, Failure = Contracts.FailureClass.Exit });
        var (waiting, _) = await server.SubmitAsync(new { argv = new[] { "true" }, requirements = new[] { $"{failed}" } });
        var (pending, _) = await server.SubmitAsync(new { argv = new[] { "true" }, batch = "unserved" });
        var list = (await server.GetAsync("/tasks")).Json().EnumerateArray()
            .ToDictionary(t => t.GetProperty("task_id").GetInt64(), t => t.GetProperty("why").GetString());
        Assert.Equal((null, $"task {failed} failed", "no worker"), (list[failed], list[waiting], list[pending]));
        Assert.Equal("no worker", (await server.GetAsync($"/tasks/{pending}")).Json().GetProperty("why").GetString());
    }

    [Fact(Timeout = 60_000)]
    public async Task Explain_says_that_a_task_can_never_start_for_what_failed_far_behind_it()
    {
        await using var server = await ApiServer.StartAsync(postgres: false);
        var (first, _) = await server.SubmitAsync();
        var (second, _) = await server.SubmitAsync(new { argv = new[] { "true" }, requirements = new[] { $"{first}" } });
        var (third, _) = await server.SubmitAsync(new { argv = new[] { "true" }, requirements = new[] { $"{second}" } });
        Assert.DoesNotContain("never", await WhyAsync(server, third));
        await server.PostAsync($"/tasks/{first}/cancel");
        Assert.Equal($"it can never start as things are: task {first}, which task {second} requires, was cancelled.", await WhyAsync(server, third));
    }

    [Fact(Timeout = 60_000)]
    public async Task Explain_says_that_a_task_can_never_start_for_a_ring()
    {
        await using var server = await ApiServer.StartAsync(postgres: false);
        var (running, _) = await server.SubmitAsync();
        var (first, firstId) = await server.SubmitAsync(new { argv = new[] { "true" }, requirements = new[] { $"{running}" } });
        var (second, secondId) = await server.SubmitAsync(new { argv = new[] { "true" }, requirements = new[] { $"{first}", $"{running}" } });
        var (behind, _) = await server.SubmitAsync(new { argv = new[] { "true" }, requirements = new[] { $"{second}" } });
        // No submission makes a ring; rows of an earlier version may hold one.
        await using (var db = server.Context())
        {
            db.Requirements.Add(new RequirementRow { TaskId = firstId, RequiredId = secondId });
            await db.SaveChangesAsync();
        }

        foreach (var task in (long[])[first, second, behind])
        {
            var why = await WhyAsync(server, task);
            Assert.StartsWith("it can never start as things are: tasks ", why);
            Assert.Contains("require one another in a ring", why);
        }
    }

    private static async Task<string> WhyAsync(ApiServer server, long task) =>
        (await server.GetAsync($"/tasks/{task}/explain")).Json().GetProperty("why").GetString()!;
}
