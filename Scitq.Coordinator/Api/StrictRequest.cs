using System.Reflection;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Mvc;

namespace Scitq.Coordinator.Api;

/// <summary>
/// Refuses requests with something that their endpoint would pass over: query parameters that it does not declare, single ones that are given
/// twice, a body where it takes none.
/// </summary>
internal static class StrictRequest
{
    public static TBuilder Strict<TBuilder>(this TBuilder endpoints)
        where TBuilder : IEndpointConventionBuilder => endpoints.AddEndpointFilterFactory(Make);

    private static EndpointFilterDelegate Make(EndpointFilterFactoryContext factory, EndpointFilterDelegate next)
    {
        var declared = factory.MethodInfo.GetParameters().Where(IsText).ToDictionary(Name, p => p.ParameterType.IsArray, StringComparer.OrdinalIgnoreCase);
        return async call =>
        {
            var (context, request) = (call.HttpContext, call.HttpContext.Request);
            foreach (var (name, values) in request.Query)
            {
                // A name that is in the path can't be a parameter as well.
                if (request.RouteValues.ContainsKey(name) || !declared.TryGetValue(name, out var isList))
                {
                    var known = declared.Keys.Where(k => !request.RouteValues.ContainsKey(k)).ToList();
                    return Problems.Invalid($"unknown parameter '{name}': {StrictBody.DidYouMean(name, known)}");
                }

                if (values.Count > 1 && !isList) return Problems.Invalid($"the parameter '{name}' is there twice.");
            }

            if (context.GetEndpoint()?.Metadata.GetMetadata<IAcceptsMetadata>() is null && HasBody(request))
                await SubmissionReader.ReadAsync<NoBody>(request, context.RequestAborted);
            return await next(call);
        };
    }

    /// <summary>Whether the request brings a body at all.</summary>
    public static bool HasBody(HttpRequest request) =>
        request.ContentLength is not 0 && (request.ContentLength is not null || request.Headers.ContainsKey("Transfer-Encoding"));

    private static bool IsText(ParameterInfo parameter)
    {
        var type = Nullable.GetUnderlyingType(parameter.ParameterType) ?? parameter.ParameterType;
        return (type == typeof(string) || type == typeof(string[]) || type.IsPrimitive) && parameter.GetCustomAttribute<FromHeaderAttribute>() is null;
    }

    private static string Name(ParameterInfo parameter) => parameter.GetCustomAttribute<FromQueryAttribute>()?.Name ?? parameter.Name!;
}
