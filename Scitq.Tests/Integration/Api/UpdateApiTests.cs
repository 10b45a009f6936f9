using System.Net;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Scitq.Contracts;
using Scitq.Contracts.Messages;
using Scitq.Tests.Servers;

namespace Scitq.Tests.Integration.Api;

/// <summary>Tasks that are changed over HTTP, whatever the database.</summary>
[Trait("Level", "Integration")]
public abstract class UpdateApiTests(bool postgres)
{
    private static readonly string[] True = ["true"];

    [Fact(Timeout = 60_000)]
    public async Task A_task_is_changed_in_place_and_its_history_has_what_it_was()
    {
        await using var server = await ApiServer.StartAsync(postgres);
        var (number, id) = await server.SubmitAsync(new { argv = new[] { "sh", "-c", "cat s3://key:secret@bucket/x" }, batch = "a", retry = 1 });
        var set = new { argv = True, image = "ubuntu:24.04", batch = "b", name = "é", retry = (int?)null };
        var shown = (await server.PostAsync($"/tasks/{number}/update", new { set, reason = "typo" })).Json(HttpStatusCode.Accepted);
        Assert.Equal(("b", "é", 0, "pending"), (shown.GetProperty("batch").GetString(), shown.GetProperty("name").GetString(),
            shown.GetProperty("retries_left").GetInt32(), shown.GetProperty("status").GetString()));
        shown = (await server.GetAsync($"/tasks/{id}")).Json();
        Assert.Equal("ubuntu:24.04", shown.GetProperty("image").GetString());
        Assert.Equal([number], (await server.GetAsync("/tasks?batch=b&name=%C3%A9")).Json().EnumerateArray().Select(t => t.GetProperty("task_id").GetInt64()));
        var told = shown.GetProperty("history").EnumerateArray().Single(h => h.GetProperty("kind").GetString() == "updated");
        Assert.Equal("""command: sh -c 'cat s3://***@bucket/x' → true; batch: "a" → "b"; name: none → "é"; image: none → "ubuntu:24.04"; retry: 1 → 0 (typo)""",
            told.GetProperty("detail").GetString());
        Assert.Contains("127.0.0.1", told.GetProperty("by").GetString());
        Assert.Contains("b", (await server.GetAsync("/batches")).Json().EnumerateArray().Select(b => b.GetProperty("batch").GetString()));
        Assert.Equal(["true"], (await server.RaiseAsync(id, m => m.Claimed, new Coordinator.Tasks.Claimed("w", 2))).Task!.Spec.Argv);
    }

    [Fact(Timeout = 60_000)]
    public async Task T15_A_task_that_runs_is_changed_by_a_restart_only_and_spends_no_retry()
    {
        await using var server = await ApiServer.StartAsync(postgres);
        var (number, id) = await server.SubmitAsync(new { argv = True, retry = 1 });
        var key = await server.ClaimAsync(id);
        await server.RunAsync(key);
        object Body(bool restart) => new { set = new { argv = new[] { "false" } }, restart };
        Assert.Contains("restart", (await server.PostAsync($"/tasks/{number}/update", Body(false))).Problem(HttpStatusCode.Conflict, "wrong_state"));
        var asked = (await server.PostAsync($"/tasks/{number}/update", Body(true))).Json(HttpStatusCode.Accepted);
        Assert.Equal(("running", true, true, "true"), (asked.GetProperty("status").GetString(), asked.GetProperty("restart_requested").GetBoolean(),
            asked.GetProperty("update_pending").GetBoolean(), asked.GetProperty("argv")[0].GetString()));
        await server.EndAsync(key, new AttemptResult { Failure = FailureClass.Cancelled, Finished = ApiServer.Now });
        var shown = await BecomesAsync(server, number, "pending");
        Assert.Equal(("false", 1, 2, false, false), (shown.GetProperty("argv")[0].GetString(), shown.GetProperty("retries_left").GetInt32(),
            shown.GetProperty("attempt").GetInt32(), shown.GetProperty("restart_requested").GetBoolean(), shown.GetProperty("update_pending").GetBoolean()));
        Assert.Equal("cancelled", (await server.GetAsync($"/tasks/{id}")).Json().GetProperty("attempts")[0].GetProperty("status").GetString());

        await server.EndAsync(await server.ClaimAsync(id, 2));
        var ended = (await server.PostAsync($"/tasks/{number}/update", new { set = new { name = "again" } })).Json(HttpStatusCode.Accepted);
        Assert.Equal(("succeeded", true, (string?)null),
            (ended.GetProperty("status").GetString(), ended.GetProperty("update_pending").GetBoolean(), ended.GetProperty("name").GetString()));
        await server.PostAsync($"/tasks/{number}/update", new { set = new { retry = 2 }, restart = true });
        shown = await BecomesAsync(server, number, "pending");
        Assert.Equal(("again", 2, 3), (shown.GetProperty("name").GetString(), shown.GetProperty("retries_left").GetInt32(),
            shown.GetProperty("attempt").GetInt32()));
    }

    [Fact(Timeout = 60_000)]
    public async Task Commands_are_changed_by_a_substitution_and_the_differences_are_told_before()
    {
        await using var server = await ApiServer.StartAsync(postgres);
        var ids = new List<long>();
        foreach (var text in (string[])["Hello world!", "Hello", "world! world!"]) ids.Add((await server.SubmitAsync(new { argv = new[] { "echo", text } })).Number);
        var body = new Dictionary<string, object> { ["action"] = "update", ["command_sub"] = "s/world!/it's/", ["filter"] = new { command_like = "echo%" } };
        var look = (await server.PostAsync("/tasks/actions", new Dictionary<string, object>(body) { ["dry_run"] = true })).Json();
        Assert.Equal([ids[0], ids[2]], look.GetProperty("tasks").EnumerateArray().Select(t => t.GetInt64()));
        Assert.Equal("nothing would change.", look.GetProperty("skipped")[0].GetProperty("why").GetString());
        Assert.Equal("command: echo 'Hello world!' → echo 'Hello it'\\''s'", look.GetProperty("changes")[0].GetProperty("change").GetString());
        Assert.Equal("Hello world!", (await server.GetAsync($"/tasks/{ids[0]}")).Json().GetProperty("argv")[1].GetString());
        Assert.Equal(2, (await server.PostAsync("/tasks/actions", body)).Json().GetProperty("done").GetInt32());
        Assert.Equal(["Hello it's", "Hello", "it's world!"],
            await Task.WhenAll(ids.Select(async i => (await server.GetAsync($"/tasks/{i}")).Json().GetProperty("argv")[1].GetString())));
    }

    [Theory(Timeout = 60_000)]
    [InlineData("""{"set":{"retyr":1}}""", "did you mean 'retry'"), InlineData("""{"set":{"retry":"x"}}""", "retry"), InlineData("{}", "nothing to change")]
    [InlineData("""{"set":{"id":null}}""", "'set.id'"), InlineData("""{"command_sub":"s/a/"}""", "not of the form")]
    [InlineData("""{"set":{"requirements":["4711"]}}""", "4711")]
    public async Task A_defect_is_named(string body, string named)
    {
        await using var server = await ApiServer.StartAsync(postgres);
        var (number, _) = await server.SubmitAsync();
        Assert.Contains(named, (await server.PostAsync($"/tasks/{number}/update", body)).Problem(HttpStatusCode.BadRequest, "invalid"));
        Assert.Single((await server.GetAsync($"/tasks/{number}")).Json().GetProperty("history").EnumerateArray());
    }

    [Fact(Timeout = 60_000)]
    public async Task T25_Tasks_are_not_made_to_require_each_other_in_a_ring()
    {
        await using var server = await ApiServer.StartAsync(postgres);
        var (first, _) = await server.SubmitAsync();
        var (second, _) = await server.SubmitAsync(new { argv = True, requirements = new[] { $"{first}" } });
        var (third, _) = await server.SubmitAsync(new { argv = True, after_any = new[] { $"{second}" } });
        Task<ApiServer.Answer> RequireAsync(long task, params long[] required) =>
            server.PostAsync($"/tasks/{task}/update", new { set = new { requirements = required.Select(r => $"{r}") } });
        Assert.Contains("in a ring", (await RequireAsync(first, third)).Problem(HttpStatusCode.BadRequest, "invalid"));
        Assert.Equal($"task {first} requires itself.", (await RequireAsync(first, first)).Problem(HttpStatusCode.BadRequest, "invalid"));
        Assert.Equal("pending", (await server.GetAsync($"/tasks/{first}")).Json().GetProperty("status").GetString());

        // Of two that would make one together, one is refused.
        var (one, _) = await server.SubmitAsync();
        var (other, _) = await server.SubmitAsync();
        var both = await Task.WhenAll(RequireAsync(one, other), RequireAsync(other, one));
        Assert.Single(both, a => a.Status == HttpStatusCode.Accepted);
        Assert.Single(both, a => a.Status == HttpStatusCode.BadRequest);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_task_waits_for_what_it_is_made_to_require_and_no_longer_for_what_it_is_not()
    {
        await using var server = await ApiServer.StartAsync(postgres);
        var (first, id) = await server.SubmitAsync();
        var (second, _) = await server.SubmitAsync();
        (await server.PostAsync($"/tasks/{second}/update", new { set = new { requirements = new[] { $"{first}" } } })).Json(HttpStatusCode.Accepted);
        await BecomesAsync(server, second, "waiting");
        await using (var db = server.Context()) Assert.Equal(id, (await db.Requirements.SingleAsync()).RequiredId);
        (await server.PostAsync($"/tasks/{second}/update", new { set = new { requirements = Array.Empty<string>() } })).Json(HttpStatusCode.Accepted);
        await BecomesAsync(server, second, "pending");
        (await server.PostAsync($"/tasks/{second}/update", new { set = new { after_any = new[] { $"{first}" } } })).Json(HttpStatusCode.Accepted);
        await BecomesAsync(server, second, "waiting");
        (await server.PostAsync($"/tasks/{first}/cancel")).Json(HttpStatusCode.Accepted);
        await BecomesAsync(server, second, "pending");
    }

    [Fact(Timeout = 60_000)]
    public async Task Tasks_are_moved_to_another_batch()
    {
        await using var server = await ApiServer.StartAsync(postgres);
        var tasks = new { tasks = Enumerable.Range(0, 1500).Select(i => new { argv = True, batch = "old" }) };
        var last = (await server.PostAsync("/tasks/bulk", tasks)).Json(HttpStatusCode.Created).GetProperty("tasks")[1499].GetProperty("id").GetGuid();
        (await server.PostAsync("/tasks/actions", new { action = "move", filter = new { batch = "old" } })).Problem(HttpStatusCode.BadRequest, "invalid");
        (await server.PostAsync("/tasks/actions", new { action = "move", batch = "a b", ids = new[] { 1 } })).Problem(HttpStatusCode.BadRequest, "invalid");
        var moved = (await server.PostAsync("/tasks/actions", new { action = "move", batch = "new", filter = new { batch = "old" } })).Json();
        Assert.Equal((1500, 0), (moved.GetProperty("done").GetInt32(), moved.GetProperty("skipped").GetArrayLength()));
        Assert.Equal("1500", (await server.GetAsync("/tasks?batch=new&count=true")).Header("X-Total-Count"));
        Assert.Equal("attempt 1 is not the current one", (await server.RaiseAsync(last, m => m.Claimed, new Coordinator.Tasks.Claimed("w", 1))).Answer.Refusal);
        await server.ClaimAsync(last, 2);
        (await server.PostAsync($"/tasks/{last}/move", new { batch = "newer" })).Json(HttpStatusCode.Accepted);
    }

    private static async Task<JsonElement> BecomesAsync(ApiServer server, long task, string status)
    {
        JsonElement shown = default;
        await Eventually.Async(
            async () => (shown = (await server.GetAsync($"/tasks/{task}")).Json()).GetProperty("status").GetString() == status, $"task {task} is {status}");
        return shown;
    }
}

public sealed class SqliteUpdateApiTests() : UpdateApiTests(postgres: false);

public sealed class PostgresUpdateApiTests() : UpdateApiTests(postgres: true);
