using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Scitq.Tests.Integration.Api;

/// <summary>A typo is refused with the name that was meant, everywhere, and nothing happens.</summary>
[Trait("Level", "Integration")]
public sealed class StrictnessTests
{
    [Fact(Timeout = 60_000)]
    public async Task Every_parameter_and_member_of_every_endpoint_is_refused_when_it_is_mistyped()
    {
        await using var server = await ApiServer.StartAsync(postgres: false);
        var (number, _) = await server.SubmitAsync();
        var description = (await server.GetAsync("/openapi/v1.json")).Json();
        var (parameters, members) = (0, 0);
        foreach (var path in description.GetProperty("paths").EnumerateObject())
        {
            var address = Regex.Replace(path.Name.Replace("/api/v1", "", StringComparison.Ordinal), @"\{[^}]*\}", $"{number}");
            foreach (var operation in path.Value.EnumerateObject())
            {
                Task<ApiServer.Answer> SendAsync(string query, object? body) =>
                    server.SendAsync(new HttpMethod(operation.Name.ToUpperInvariant()), address + query, body);

                Assert.Contains("unknown parameter 'xyzzyxyzzy'", (await SendAsync("?xyzzyxyzzy=1", null))
                    .Problem(HttpStatusCode.BadRequest, "invalid"), StringComparison.Ordinal);
                foreach (var name in Names(operation.Value, "parameters").Where(p => p.GetProperty("in").GetString() == "query")
                    .Select(p => p.GetProperty("name").GetString()!))
                {
                    parameters++;
                    Assert.Contains($"did you mean '{name}'?", (await SendAsync($"?{Mistyped(name)}=1", null))
                        .Problem(HttpStatusCode.BadRequest, "invalid"), StringComparison.Ordinal);
                }

                var bodies = operation.Value.TryGetProperty("requestBody", out var body)
                    ? Bodies(description, body.GetProperty("content").GetProperty("application/json").GetProperty("schema"), inner => inner).ToList()
                    : [("xyzzyxyzzy", (object)new Dictionary<string, object?> { ["xyzzyxyzzy"] = true })];
                foreach (var (name, wrong) in bodies)
                {
                    members++;
                    var problem = (await SendAsync("", wrong)).Problem(HttpStatusCode.BadRequest, "invalid");
                    Assert.True(problem.Contains("unknown member", StringComparison.Ordinal)
                        && (name == "xyzzyxyzzy" || problem.Contains($"did you mean '{name}'?", StringComparison.Ordinal)),
                        $"{operation.Name} {path.Name} {name}: {problem}");
                }
            }
        }

        Assert.InRange(parameters, 20, 200);
        Assert.InRange(members, 60, 400);
        Assert.Equal("pending", (await server.GetAsync($"/tasks/{number}")).Json().GetProperty("status").GetString());
        Assert.Equal(1, (await server.GetAsync("/tasks")).Json().GetArrayLength());
    }

    [Theory(Timeout = 60_000)]
    [InlineData("/tasks/actions", """{"action":"cancel","filter":{"batch":"Default"},"dryrun":true}""", "unknown member 'dryrun': did you mean 'dry_run'?")]
    [InlineData("/tasks/actions", """{"action":"cancel","filter":{"batch":"Default"},"dry_run":false,"dry_run":true}""",
        "the member 'dry_run' is there twice.")]
    [InlineData("/tasks/actions", """{"action":"cancel","filter":{"batch":"Default","batch":"other"}}""", "the member 'batch' is there twice.")]
    [InlineData("/tasks", """{"argv":["true"],"run_timout":5}""", "unknown member 'run_timout': did you mean 'run_timeout'?")]
    [InlineData("/tasks", """{"argv":["true"],"retries":5}""", "unknown member 'retries': did you mean 'retry'?")]
    [InlineData("/tasks", """{"argv":["true"],"runTimeout":5}""", "unknown member 'runTimeout': did you mean 'run_timeout'?")]
    [InlineData("/tasks", """{"argv":["true"],"argv":["false"]}""", "the member 'argv' is there twice.")]
    [InlineData("/tasks", """{"argv":["true"],"env":{"A":"1","A":"2"}}""", "the member 'A' is there twice.")]
    [InlineData("/tasks", """{"id":"5a1b1f6e-0000-4000-8000-000000000001","id":"5a1b1f6e-0000-4000-8000-000000000002","argv":["true"]}""",
        "the member 'id' is there twice.")]
    [InlineData("/tasks/bulk", "{\"tasks\":[\n{\"argv\":[\"true\"]},\n{\"argv\":[\"true\"],\"nmae\":\"x\"}]}",
        "task 2: unknown member 'nmae': did you mean 'name'?")]
    [InlineData("/tasks/bulk", """{"tasks":[],"atomc":true}""", "unknown member 'atomc': there are tasks.")]
    [InlineData("/tasks?dry_run=true", """{"argv":["true"]}""", "unknown parameter 'dry_run': there is none.")]
    public async Task What_is_not_understood_is_told_and_not_done(string path, string body, string expected)
    {
        await using var server = await ApiServer.StartAsync(postgres: false);
        var (number, _) = await server.SubmitAsync();
        Assert.Equal(expected, (await server.SendAsync(HttpMethod.Post, path, body)).Problem(HttpStatusCode.BadRequest, "invalid"));
        Assert.Equal("pending", (await server.GetAsync($"/tasks/{number}")).Json().GetProperty("status").GetString());
        Assert.Equal(1, (await server.GetAsync("/tasks")).Json().GetArrayLength());
    }

    [Fact(Timeout = 60_000)]
    public async Task A_scalar_parameter_is_given_once_and_a_list_as_often_as_wanted()
    {
        await using var server = await ApiServer.StartAsync(postgres: false);
        (await server.GetAsync("/tasks?limit=1&limit=2")).Problem(HttpStatusCode.BadRequest, "invalid");
        (await server.GetAsync("/tasks?batch=a&batch=b")).Json();
        (await server.PostAsync("/workers/1/clean", "{}")).Problem(HttpStatusCode.NotFound, "not_found");
    }

    [Fact(Timeout = 60_000)]
    public async Task The_description_tells_of_the_token_and_that_nothing_unknown_is_taken()
    {
        await using var server = await ApiServer.StartAsync(postgres: false);
        var description = (await server.GetAsync("/openapi/v1.json")).Json();
        Assert.Equal("http", description.GetProperty("components").GetProperty("securitySchemes").GetProperty("bearer").GetProperty("type").GetString());
        Assert.Equal("bearer", description.GetProperty("security")[0].EnumerateObject().Single().Name);
        Assert.Equal(0, description.GetProperty("paths").GetProperty("/health/live").GetProperty("get").GetProperty("security").GetArrayLength());
        foreach (var body in description.GetProperty("paths").EnumerateObject().SelectMany(p => p.Value.EnumerateObject())
            .Where(o => o.Value.TryGetProperty("requestBody", out _)))
        {
            var schema = Resolve(
                description, body.Value.GetProperty("requestBody").GetProperty("content").GetProperty("application/json").GetProperty("schema"));
            Assert.False(schema.GetProperty("additionalProperties").GetBoolean());
        }

        var task = description.GetProperty("components").GetProperty("schemas").GetProperty("TaskSpec").GetProperty("properties");
        foreach (var list in (string[])["inputs", "resources", "docker_options"])
            Assert.Equal(("array", "string"),
                (task.GetProperty(list).GetProperty("type").GetString(), task.GetProperty(list).GetProperty("items").GetProperty("type").GetString()));
        Assert.Contains("\"string\"", task.GetProperty("output").GetRawText(), StringComparison.Ordinal);
    }

    /// <summary>For each member of a body, and of what is in it, a body with that member's name mistyped.</summary>
    private static IEnumerable<(string Name, object Body)> Bodies(JsonElement description, JsonElement schema, Func<object, object> wrap)
    {
        schema = Resolve(description, schema);
        foreach (var member in schema.GetProperty("properties").EnumerateObject())
        {
            var all = new Dictionary<string, object?> { [Mistyped(member.Name)] = true };
            if (schema.TryGetProperty("required", out var required) && required.EnumerateArray().Any(r => r.GetString() == "argv"))
                all["argv"] = new[] { "true" };
            yield return (member.Name, wrap(all));
            var inner = Resolve(description, member.Value);
            if (inner.TryGetProperty("items", out var items) && Resolve(description, items).TryGetProperty("properties", out _))
                foreach (var deeper in Bodies(description, items, body => wrap(new Dictionary<string, object?> { [member.Name] = new[] { body } })))
                    yield return deeper;
            else if (inner.TryGetProperty("properties", out _))
                foreach (var deeper in Bodies(description, inner, body => wrap(new Dictionary<string, object?> { [member.Name] = body }))) yield return deeper;
        }
    }

    private static JsonElement Resolve(JsonElement description, JsonElement schema)
    {
        if (schema.TryGetProperty("oneOf", out var choices))
            schema = choices.EnumerateArray()
                .Single(c => !c.TryGetProperty("type", out var type) || type.ValueKind != JsonValueKind.String || type.GetString() != "null");
        return schema.TryGetProperty("$ref", out var reference)
            ? description.GetProperty("components").GetProperty("schemas").GetProperty(reference.GetString()!.Split('/')[^1])
            : schema;
    }

    private static IEnumerable<JsonElement> Names(JsonElement json, string member) => json.TryGetProperty(member, out var list) ? list.EnumerateArray() : [];

    private static string Mistyped(string name) => name + "q";
}
