namespace Scitq.Coordinator.Api.Access;

/// <summary>One line in the log for each call that changes something: the caller, the change, and its outcome.</summary>
internal static partial class Audit
{
    private static readonly object Key = new();

    public static TBuilder Audited<TBuilder>(this TBuilder endpoints)
        where TBuilder : IEndpointConventionBuilder => endpoints.AddEndpointFilter(LogAsync);

    /// <summary>Adds words to the line of this call, beside method and path.</summary>
    public static void Note(this HttpContext context, string what) => context.Items[Key] = what;

    private static async ValueTask<object?> LogAsync(EndpointFilterInvocationContext call, EndpointFilterDelegate next)
    {
        var context = call.HttpContext;
        var method = context.Request.Method;
        if (HttpMethods.IsGet(method) || HttpMethods.IsHead(method)) return await next(call);
        var result = await next(call);
        var inner = result is INestedHttpResult nested ? nested.Result : result;
        var status = (inner as IStatusCodeHttpResult)?.StatusCode ?? StatusCodes.Status200OK;
        var logger = context.RequestServices.GetRequiredService<ILoggerFactory>().CreateLogger("Scitq.Coordinator.Api.Audit");
        Log.Called(logger, Caller.Of(context), method, context.Request.Path.ToUriComponent(), status,
            context.Items.TryGetValue(Key, out var what) ? $", {what}" : "");
        return result;
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "{Caller}: {Method} {Path}: {Status}{What}")]
        public static partial void Called(ILogger logger, string caller, string method, string path, int status, string what);
    }
}
